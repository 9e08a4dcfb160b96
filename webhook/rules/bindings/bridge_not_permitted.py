"""A bridge interface is on the pod network, and this KubeVirt does not permit that.

What
    An interface has `bridge: {}`, its network is `pod: {}`, and the KubeVirt CR has `permitBridgeInterfaceOnPodNetwork: false`.

Why
    A bridge moves the address of the pod to the guest. Some CNIs and service meshes do not support that, and it prevents live migration. An
    admin can forbid bridges on the pod network, and KubeVirt then refuses the VM. Bridges on Multus networks are always permitted.

Refused
    interfaces: [{name: default, bridge: {}}]
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    pkg/network/admitter/binding.go@v1.9.0, which reports `interfaces[i].name`.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_FOR_ADMIN = "set spec.configuration.network.permitBridgeInterfaceOnPodNetwork to true in the KubeVirt CR to permit it"


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Check what the admin permits, then the network."""
    if registry.permit_bridge_on_pod_network or not vmi.on_pod_network(interface):
        return ()
    message = f"interface {quoted(interface.name)} is a bridge on the pod network, which this cluster does not permit"
    instead = "use masquerade: {} on the pod network, or connect the bridge to a Multus network"
    return [Violation(("bridge",), message, instead, for_admin=_FOR_ADMIN)]


RULE = InterfaceRule(
    name="bridge-not-permitted", group=Group.BINDINGS, check=check, depends_on_cr=True, field="bridge", upstream_since=Version(0, 1)
)
