"""An NTP server is not an IPv4 address.

What
    `interfaces[].dhcpOptions.ntpServers[]` is a host name, an IPv6 address, or not an address.

Why
    KubeVirt sends the list to the guest as DHCP option 42, which has IPv4 addresses only. It does not resolve names.

Refused
    dhcpOptions: {ntpServers: [pool.ntp.org]}
    dhcpOptions: {ntpServers: ["2001:db8::1"]}

Accepted
    dhcpOptions: {ntpServers: [192.0.2.10]}
    dhcpOptions: {ntpServers: ["::ffff:192.0.2.10"]}    # IPv4 all the same
    dhcpOptions: {ntpServers: [192.0.2.010]}            # read as 192.0.2.10

Source
    pkg/network/admitter/netiface.go@v1.9.0. The formats are those of Go's net.ParseIP(...).To4(). Leading zeros are accepted, since
    KubeVirt's mutating webhook rewrites them first (observed from 1.1.1 to 1.9.0).
"""

import ipaddress
import re

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_BYTE = "0*(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_is_dotted_quad = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}").fullmatch


def check(interface: Interface, _vmi: VMI, _registry: Registry) -> Mistakes:
    """Check each server, on any network."""
    servers = interface.dhcp_options.ntp_servers if interface.dhcp_options is not None else None
    if not servers:
        return ()
    return (
        Violation(("dhcpOptions", "ntpServers", index), _message(server), 'write an IPv4 address, as in "192.0.2.10"')
        for index, server in enumerate(servers)
        if not _is_dotted_quad(server) and not _is_mapped(_ipv6(server))
    )


def _ipv6(text: str) -> ipaddress.IPv6Address | None:
    # Python takes a scope (fe80::1%eth0), Go's ParseIP does not.
    if ":" not in text or "%" in text:
        return None
    try:
        return ipaddress.IPv6Address(text)
    except ValueError:
        return None


def _is_mapped(address: ipaddress.IPv6Address | None) -> bool:
    return address is not None and address.ipv4_mapped is not None


def _message(server: str) -> str:
    found = "an IPv6 address" if _ipv6(server) is not None else "not an IPv4 address"
    return f"NTP server {quoted(server)} is {found}, and DHCP can pass only IPv4 addresses to the guest"


RULE = InterfaceRule(name="ntp-server-not-ipv4", group=Group.NETWORKS, check=check, field="dhcp_options", upstream_since=Version(0, 1))
