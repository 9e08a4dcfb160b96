"""A DHCP private option has a number outside the private range.

What
    `interfaces[].dhcpOptions.privateOptions[].option` is absent or not from 224 to 254.

Why
    DHCP reserves these numbers for private use. All other numbers have a meaning, so KubeVirt refuses them here.

Refused
    dhcpOptions: {privateOptions: [{option: 66, value: tftp.example.com}]}

Accepted
    dhcpOptions: {tftpServerName: tftp.example.com}
    dhcpOptions: {privateOptions: [{option: 224, value: tftp.example.com}]}

Source
    pkg/network/admitter/netiface.go@v1.9.0, which reports the VMI spec as a whole. RFC 3942 defines the range.
"""

from webhook.kube.text import shown
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_LOWEST, _HIGHEST = 224, 254


def check(interface: Interface, _vmi: VMI, _registry: Registry) -> Mistakes:
    """Check each number, on any network. A missing one counts as 0."""
    options = interface.dhcp_options.private_options if interface.dhcp_options is not None else None
    if not options:
        return ()
    return (
        Violation(("dhcpOptions", "privateOptions", index, "option"), _message(each.option), f"use a number from {_LOWEST} to {_HIGHEST}")
        for index, each in enumerate(options)
        if not _LOWEST <= (each.option or 0) <= _HIGHEST
    )


def _message(number: int | None) -> str:
    if number is None:
        return "option is missing"
    return f"option is {shown(number)}, and private options are {_LOWEST} to {_HIGHEST}"


RULE = InterfaceRule(name="dhcp-option-out-of-range", group=Group.NETWORKS, check=check, field="dhcp_options", upstream_since=Version(0, 1))
