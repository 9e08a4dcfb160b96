"""An interface has the same boot order as another device.

What
    `interfaces[].bootOrder` is also the boot order of a disk or of an earlier interface.

Why
    The firmware tries the devices in this order. KubeVirt refuses a boot order that two devices have.

Refused
    interfaces: [{name: default, masquerade: {}, bootOrder: 1}, {name: blue, bridge: {}, bootOrder: 1}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Accepted
    interfaces: [{name: default, masquerade: {}, bootOrder: 1}, {name: blue, bridge: {}, bootOrder: 2}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Source
    validateBootOrder and validateInterfaceBootOrder in pkg/virt-api/webhooks/validating-webhook/admitters/vmi-create-admitter.go@v1.9.0.
    Bindguard does not check two disks with the same boot order, which is not about networks.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Compare with the first device that has the boot order."""
    order = interface.boot_order
    if order is None or order < 1 or (first := vmi.boot_orders[order]) is interface:
        return ()
    other = f"interface {quoted(first.name)}" if isinstance(first, Interface) else "a disk"
    return [Violation(("bootOrder",), f"{other} has bootOrder {order} too", "give each disk and interface its own bootOrder")]


RULE = InterfaceRule(
    name="duplicate-boot-order",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.DUPLICATE,
    field="boot_order",
    upstream_since=Version(0, 1),
)
