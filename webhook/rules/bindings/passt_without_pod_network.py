"""A passtBinding interface is not connected to the pod network.

What
    An interface has `passtBinding: {}`, and the network of the same name is not `pod: {}`.

Why
    passt gives the guest the address of the pod and forwards its connections through the sockets of the pod, so the pod must have an
    address. KubeVirt implements it for the pod network only.

Refused
    interfaces: [{name: blue, passtBinding: {}}]
    networks: [{name: blue, multus: {networkName: blue}}]

Accepted
    interfaces: [{name: default, passtBinding: {}}]
    networks: [{name: default, pod: {}}]

Source
    pkg/network/admitter/passt.go@v1.9.0, which reports `interfaces[i].name`.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_SINCE = Version(1, 8)


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Check the network. `interface-without-network` reports a missing one."""
    network = vmi.network_of(interface)
    if network is None or network.pod is not None:
        return ()
    name = quoted(network.name)
    message = f"passtBinding works on the pod network only, and network {name} is not the pod network"
    return [Violation(("passtBinding",), message, f"make network {name} the pod network (pod: {{}}), or use bridge: {{}} or a plugin")]


RULE = InterfaceRule(
    name="passt-without-pod-network", group=Group.BINDINGS, check=check, field="passt_binding", since=_SINCE, upstream_since=_SINCE
)
