"""A bridge on the pod network prevents live migration.

What
    An interface has `bridge: {}`, its network is `pod: {}`, and the VMI does not have annotation
    `kubevirt.io/allow-pod-bridge-network-live-migration`.

Why
    The guest has the address of the pod. A pod on another node has another address, so KubeVirt does not migrate such a VM. Users notice it
    only when a node is drained, or when memory, CPU or a network of a running VM is changed. All of these need migration.

Refused
    interfaces: [{name: default, bridge: {}}]
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    pkg/network/vmispec/interface.go@v1.9.0; kubevirt/kubevirt#7238, #9440 and #9776 by users who noticed it too late.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.rules.consequences._migration import ALLOW_BRIDGE, AT_DRAIN, eviction_strategy
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Check the network.

    `not-live-migratable` reports VMs that are to be migrated, and `bridge-not-permitted` bridges that are forbidden.
    """
    if not vmi.on_pod_network(interface) or ALLOW_BRIDGE in vmi.annotations:
        return ()
    if eviction_strategy(vmi, registry) in AT_DRAIN or not registry.permit_bridge_on_pod_network:
        return ()
    message = f"interface {quoted(interface.name)} is a bridge on the pod network, so the VM cannot be live-migrated"
    accepted = f"use masquerade: {{}}, or set annotation {ALLOW_BRIDGE} on the VMI if the network keeps a pod's address"
    return [Violation(("bridge",), message, accepted)]


RULE = InterfaceRule(
    name="bridge-on-pod-network", group=Group.CONSEQUENCES, check=check, depends_on_cr=True, action=Action.WARN, field="bridge"
)
