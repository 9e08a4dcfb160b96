"""A range of ports has an end that is no port, runs backwards, or has an unknown protocol.

What
    In `interfaces[].portRanges[]`, on the pod network: `start` or `end` is absent or not from 1 to 65535, `start` is above `end`, or
    `protocol` is set to something else than `TCP` or `UDP`.

Why
    KubeVirt writes the range into the pod's NAT rules as it stands, and refuses what could not stand there.

Refused
    masquerade: {}
    portRanges: [{start: 8100, end: 8000}, {start: 0, end: 1023}, {start: 5000, end: 5100, protocol: udp}]

Accepted
    masquerade: {}
    portRanges: [{start: 8000, end: 8100}, {start: 1, end: 1023}, {start: 5000, end: 5100, protocol: UDP}]

Source
    pkg/network/admitter/netiface.go@v1.9.0.
"""

from collections.abc import Iterator

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistake, Mistakes
from webhook.rules.networks._ports import HIGHEST_PORT, about_port, about_protocol, is_port, is_protocol, is_range, port_ranges_are_read
from webhook.vmi.spec import Interface, PortRange
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Judge each range by itself, where KubeVirt reads them; absent numbers count as 0."""
    if not interface.port_ranges or not port_ranges_are_read(interface, vmi, registry):
        return ()
    return (mistake for index, ports in enumerate(interface.port_ranges) if not is_range(ports) for mistake in _mistakes(index, ports))


def _mistakes(index: int, ports: PortRange) -> Iterator[Mistake]:
    if not is_protocol(ports.protocol):
        yield Mistake(("portRanges", index, "protocol"), *about_protocol(ports.protocol))
    bounds = (("start", ports.start), ("end", ports.end))
    for field, number in bounds:
        if not is_port(number):
            yield Mistake(("portRanges", index, field), about_port(field, number), f"give a port from 1 to {HIGHEST_PORT}")
    if all(is_port(number) for _, number in bounds) and (ports.start or 0) > (ports.end or 0):
        message = f"the range runs backwards: start is {ports.start} and end is {ports.end}"
        yield Mistake(("portRanges", index, "start"), message, "put the lower port in start and the higher in end")


RULE = InterfaceRule(
    name="invalid-port-range",
    group=Group.NETWORKS,
    check=check,
    field="port_ranges",
    since=Version(1, 9),
    upstream_since=Version(1, 9),
)
