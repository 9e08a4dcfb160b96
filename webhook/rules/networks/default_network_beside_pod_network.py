"""A VM has a pod network and a Multus default network.

What
    One of `networks` has `pod: {}` and another one `multus: {default: true}`.

Why
    A Multus default network replaces the pod network of the cluster in the virt-launcher pod, so the pod does not have the pod network.

Refused
    interfaces: [{name: default, masquerade: {}}, {name: blue, bridge: {}}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue, default: true}}]

Accepted
    interfaces: [{name: default, masquerade: {}}, {name: blue, bridge: {}}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Source
    pkg/network/admitter/netsource.go@v1.9.0, which reports once, at `networks`.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, SpecRule, Violation
from webhook.vmi.spec import Network
from webhook.vmi.vmi import VMI


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Report each default network if there is a pod network. `network-with-several-sources` reports a network that is both."""
    networks = vmi.networks
    if len(networks) <= 1:
        return ()
    defaults = [index for index, network in enumerate(networks) if network.multus is not None and network.multus.default]
    if not defaults:
        return ()
    pod = next((network for network in networks if network.pod is not None), None)
    if pod is None:
        return ()
    return (_violation(index, networks[index], pod) for index in defaults if networks[index].pod is None)


def _violation(index: int, default: Network, pod: Network) -> Violation:
    message = f"a Multus default network replaces the pod network, and network {quoted(pod.name)} is the pod network"
    accepted = f"remove default from network {quoted(default.name)}, or remove network {quoted(pod.name)} and its interface"
    return Violation(("networks", index, "multus", "default"), message, accepted)


RULE = SpecRule(
    name="default-network-beside-pod-network", group=Group.NETWORKS, check=check, trait="has_several_defaults", upstream_since=Version(0, 1)
)
