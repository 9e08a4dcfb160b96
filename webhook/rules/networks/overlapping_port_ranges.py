"""Two port ranges of an interface overlap.

What
    Two entries of `interfaces[].portRanges` have the same protocol and a port in common, and the interface is on the pod network.

Why
    The usual cause is a mistake in a bound. KubeVirt refuses a port that is forwarded twice.

Refused
    masquerade: {}
    portRanges: [{start: 8000, end: 8100, protocol: TCP}, {start: 8100, end: 8200, protocol: TCP}]

Accepted
    masquerade: {}
    portRanges: [{start: 8000, end: 8100, protocol: TCP}, {start: 8000, end: 8100, protocol: UDP}]

Source
    pkg/network/admitter/netiface.go@v1.9.0, which reports `portRanges`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._ports import is_range, port_ranges_are_read
from webhook.vmi.spec import Interface, PortRange
from webhook.vmi.vmi import VMI

_start = itemgetter(0)


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Report each range that overlaps an earlier one that is not reported itself.

    Ranges that `invalid-port-range` reports are skipped.
    """
    ranges = interface.port_ranges
    if not ranges or not port_ranges_are_read(interface, vmi, registry):
        return ()
    return (
        Violation(("portRanges", index), _message(ranges[index], ranges[earlier], earlier), "put each port into one range only")
        for index, earlier in _overlaps(ranges)
    )


def _overlaps(ranges: Iterable[PortRange]) -> Iterator[tuple[int, int]]:
    """Pairs of indices: a range, and an earlier one that it overlaps.

    The ranges kept are disjoint and sorted, so only the last that starts at or before a new range's end can overlap it.
    """
    kept: dict[str, list[tuple[int, int, int]]] = {}
    for index, ports in enumerate(ranges):
        if not is_range(ports):
            continue
        start, end = ports.start or 0, ports.end or 0
        beside = kept.setdefault(ports.protocol or "TCP", [])
        at = bisect_right(beside, end, key=_start)
        if at and beside[at - 1][1] >= start:
            yield index, beside[at - 1][2]
        else:
            beside.insert(at, (start, end, index))


def _message(ports: PortRange, earlier: PortRange, index: int) -> str:
    return f"{ports.protocol or 'TCP'} range {ports.start}-{ports.end} overlaps portRanges[{index}] ({earlier.start}-{earlier.end})"


RULE = InterfaceRule(
    name="overlapping-port-ranges",
    group=Group.NETWORKS,
    check=check,
    field="port_ranges",
    since=Version(1, 9),
    upstream_since=Version(1, 9),
)
