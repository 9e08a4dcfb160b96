"""A DHCP private option has no value.

What
    An entry of `interfaces[].dhcpOptions.privateOptions` has no `value`.

Why
    The CRD requires `value`, so the API server refuses the object.

Refused
    dhcpOptions: {privateOptions: [{option: 240}]}

Accepted
    dhcpOptions: {privateOptions: [{option: 240, value: tftp.example.com}]}

Source
    DHCPPrivateOptions in staging/src/kubevirt.io/api/core/v1/schema.go@v1.1.1 to v1.9.0, and the CRD that is generated from it. The rule
    `dhcp-option-out-of-range` reports a missing `option`.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, _vmi: VMI, _registry: Registry) -> Mistakes:
    """Check that each option has a value. An empty string is a value."""
    options = interface.dhcp_options.private_options if interface.dhcp_options is not None else None
    return (
        Violation(("dhcpOptions", "privateOptions", index), "this private option has no value", "set value")
        for index, each in enumerate(options or ())
        if each.value is None
    )


RULE = InterfaceRule(
    name="incomplete-dhcp-option",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.REQUIRED,
    field="dhcp_options",
    upstream_since=Version(0, 1),
)
