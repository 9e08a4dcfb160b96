"""An interface has the boot order of another device.

What
    `interfaces[].bootOrder` is also the boot order of a disk, or of an interface before it.

Why
    The firmware tries devices one after the other, so KubeVirt refuses a boot order that is used twice.

Refused
    interfaces: [{name: default, masquerade: {}, bootOrder: 1}, {name: blue, bridge: {}, bootOrder: 1}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Accepted
    interfaces: [{name: default, masquerade: {}, bootOrder: 1}, {name: blue, bridge: {}, bootOrder: 2}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Source
    validateBootOrder and validateInterfaceBootOrder in
    pkg/virt-api/webhooks/validating-webhook/admitters/vmi-create-admitter.go@v1.9.0. Two disks with one boot order are not about networks,
    and are left to KubeVirt.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Compare with the first device that has the boot order."""
    order = interface.boot_order
    if order is None or order < 1 or (first := vmi.boot_orders[order]) is interface:
        return ()
    other = f"interface {quoted(first.name)}" if isinstance(first, Interface) else "a disk"
    return [Violation(("bootOrder",), f"{other} has bootOrder {order} too", "give each disk and interface its own bootOrder")]


RULE = InterfaceRule(name="duplicate-boot-order", group=Group.NETWORKS, check=check, field="boot_order", upstream_since=Version(0, 1))
