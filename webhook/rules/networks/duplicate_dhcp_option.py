"""A DHCP private option is set twice.

What
    An `option` number occurs more than once in `interfaces[].dhcpOptions.privateOptions`.

Why
    DHCP sends one value for each option, and KubeVirt does not choose one.

Refused
    dhcpOptions: {privateOptions: [{option: 240, value: blue}, {option: 240, value: green}]}

Accepted
    dhcpOptions: {privateOptions: [{option: 240, value: blue}, {option: 241, value: green}]}

Source
    pkg/network/admitter/netiface.go@v1.9.0, which reports the VMI spec as a whole.
"""

from webhook.kube.text import shown
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, _vmi: VMI, _registry: Registry) -> Mistakes:
    """Report each use of a number after its first, on any network. A missing number counts as 0."""
    options = interface.dhcp_options.private_options if interface.dhcp_options is not None else None
    if not options:
        return ()
    first: dict[int, int] = {}
    return (
        Violation(("dhcpOptions", "privateOptions", index, "option"), _message(number, first[number]), "write each option once")
        for index, number in enumerate(each.option or 0 for each in options)
        if first.setdefault(number, index) != index
    )


def _message(number: int, first: int) -> str:
    return f"privateOptions[{first}] has option {shown(number)} too"


RULE = InterfaceRule(
    name="duplicate-dhcp-option",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.DUPLICATE,
    field="dhcp_options",
    upstream_since=Version(0, 1),
)
