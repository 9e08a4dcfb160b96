"""An interface has a boot order below 1.

What
    `interfaces[].bootOrder` is 0 or negative.

Why
    The lowest boot order is 1. KubeVirt refuses 0, and cannot decode a negative number.

Refused
    interfaces: [{name: default, masquerade: {}, bootOrder: 0}]
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}, bootOrder: 1}]
    networks: [{name: default, pod: {}}]

Source
    validateInterfaceBootOrder in pkg/virt-api/webhooks/validating-webhook/admitters/vmi-create-admitter.go@v1.9.0, which reports
    `spec[i].bootOrder`. A negative number fails in the mutating webhook, where the field is a Go uint.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, _vmi: VMI, _registry: Registry) -> Mistakes:
    """Compare with 1."""
    order = interface.boot_order
    if order is None or order >= 1:
        return ()
    return [Violation(("bootOrder",), f"bootOrder is {order}, and the lowest is 1", "use 1 or a higher number, or remove bootOrder")]


RULE = InterfaceRule(name="invalid-boot-order", group=Group.NETWORKS, check=check, field="boot_order", upstream_since=Version(0, 1))
