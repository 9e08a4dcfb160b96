"""The MAC address of an interface is invalid.

What
    `interfaces[].macAddress` is not six bytes in hexadecimal: pairs of digits between `:` or between `-`, or groups of four digits between
    dots. From KubeVirt 1.9 on, twelve digits without separators are accepted too.

Why
    KubeVirt refuses addresses that a NIC cannot have. Addresses of 8 and 20 bytes exist (EUI-64, InfiniBand), but not for the NIC of a VM.

Refused
    macAddress: "02:00:00:00:00"
    macAddress: "02:00:00-00:00:01"          # one separator throughout
    macAddress: "02:00:00:00:00:00:00:01"    # eight bytes

Accepted
    macAddress: "02:00:00:00:00:01"
    macAddress: "DE-AD-00-00-BE-AF"
    macAddress: "0200.0000.0001"
    macAddress: "020000000001"               # from KubeVirt 1.9 on

Source
    pkg/network/link and pkg/network/admitter/netiface.go@v1.9.0. The formats are those of Go's net.ParseMAC. KubeVirt 1.9
    is built with Go 1.26 (go.mod), which reads addresses without separators.
"""

import re

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_PAIR, _FOUR = "[0-9A-Fa-f]{2}", "[0-9A-Fa-f]{4}"
_is_six_bytes = re.compile(rf"{_PAIR}(?:(?::{_PAIR}){{5}}|(?:-{_PAIR}){{5}})|{_FOUR}(?:\.{_FOUR}){{2}}").fullmatch
_is_any_length = re.compile(rf"{_PAIR}(?:(?::{_PAIR})+|(?:-{_PAIR})+)|{_FOUR}(?:\.{_FOUR})+").fullmatch
_is_bare = re.compile("[0-9A-Fa-f]{12}").fullmatch
_LONGER = (8, 20)


def check(interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Match the address. An empty string counts as absent."""
    address = interface.mac_address
    if not address or _is_six_bytes(address) or (_is_bare(address) and registry.at_least(1, 9)):
        return ()
    return [Violation(("macAddress",), f"macAddress {quoted(address)} {_fault(address)}", 'write six bytes, as in "02:00:00:00:00:01"')]


def _fault(address: str) -> str:
    if not _is_any_length(address):
        return "is not a MAC address"
    count = sum(c not in ":-." for c in address) // 2
    return f"has {count} bytes; {'that is too long for a NIC' if count in _LONGER else 'a MAC address has six'}"


RULE = InterfaceRule(name="invalid-mac-address", group=Group.NETWORKS, check=check, field="mac_address", upstream_since=Version(0, 1))
