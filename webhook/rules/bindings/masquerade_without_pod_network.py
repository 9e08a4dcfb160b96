"""A masquerade interface is not connected to the pod network.

What
    An interface has `masquerade: {}`, and the network of the same name is not `pod: {}`.

Why
    Masquerade is NAT behind the address of the pod, so the pod must have an address. KubeVirt implements it for the pod network only.

Refused
    interfaces: [{name: blue, masquerade: {}}]
    networks: [{name: blue, multus: {networkName: blue}}]

Accepted
    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: blue}}]

Source
    pkg/network/admitter/binding.go@v1.9.0, which reports `interfaces[i].name`.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Check the network. `interface-without-network` reports a missing one."""
    network = vmi.network_of(interface)
    if network is None or network.pod is not None:
        return ()
    message = f"masquerade works on the pod network only, and network {quoted(network.name)} is not the pod network"
    return [
        Violation(
            ("masquerade",), message, f"make network {quoted(network.name)} the pod network (pod: {{}}), or use bridge: {{}} or a plugin"
        )
    ]


RULE = InterfaceRule(
    name="masquerade-without-pod-network", group=Group.BINDINGS, check=check, field="masquerade", upstream_since=Version(0, 1)
)
