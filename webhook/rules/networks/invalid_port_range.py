"""A port range has an invalid port, the wrong order, or an unknown protocol.

What
    In `interfaces[].portRanges[]`, on the pod network: `start` or `end` is absent or not from 1 to 65535, `start` is above `end`, or
    `protocol` is not `TCP` or `UDP`. All three fields are required, on any network.

Why
    KubeVirt copies the range into the NAT rules of the pod, and refuses values that would not be valid there.

Refused
    masquerade: {}
    portRanges: [{start: 8100, end: 8000, protocol: TCP}]

    masquerade: {}
    portRanges: [{start: 5000, end: 5100, protocol: udp}]

    masquerade: {}
    portRanges: [{start: 8000, end: 8100}]

Accepted
    masquerade: {}
    portRanges: [{start: 8000, end: 8100, protocol: TCP}, {start: 5000, end: 5100, protocol: UDP}]

Source
    pkg/network/admitter/netiface.go@v1.9.0; the CRD of v1.9.0 requires the three fields.
"""

from collections.abc import Iterator

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._ports import (
    HIGHEST_PORT,
    about_port,
    about_range_protocol,
    has_range_protocol,
    is_port,
    is_range,
    lacks_fields,
    port_ranges_are_read,
)
from webhook.vmi.spec import Interface, PortRange
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Check each range, where KubeVirt reads them. Elsewhere only the required fields are checked."""
    if not interface.port_ranges:
        return ()
    is_read = port_ranges_are_read(interface, vmi, registry)
    return (
        violation
        for index, ports in enumerate(interface.port_ranges)
        if not is_range(ports) and (is_read or lacks_fields(ports))
        for violation in _violations(index, ports)
    )


def _violations(index: int, ports: PortRange) -> Iterator[Violation]:
    if not has_range_protocol(ports):
        yield Violation(("portRanges", index, "protocol"), *about_range_protocol(ports.protocol))
    bounds = (("start", ports.start), ("end", ports.end))
    for field, number in bounds:
        if not is_port(number):
            yield Violation(("portRanges", index, field), about_port(field, number), f"write a port from 1 to {HIGHEST_PORT}")
    if all(is_port(number) for _, number in bounds) and (ports.start or 0) > (ports.end or 0):
        message = f"start {ports.start} is above end {ports.end}"
        yield Violation(("portRanges", index, "start"), message, "write the lower port in start and the higher one in end")


RULE = InterfaceRule(
    name="invalid-port-range",
    group=Group.NETWORKS,
    check=check,
    field="port_ranges",
    since=Version(1, 9),
    upstream_since=Version(1, 9),
)
