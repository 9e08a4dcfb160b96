"""An interface has more than ten portRanges.

What
    `interfaces[].portRanges` has more than 10 entries, and the interface is on the pod network.

Why
    Each range becomes NAT rules in the pod, and KubeVirt limits their number.

Refused
    masquerade: {}
    portRanges: [{start: 1, end: 1, protocol: TCP}, {start: 3, end: 3, protocol: TCP},
      {start: 5, end: 5, protocol: TCP}, {start: 7, end: 7, protocol: TCP},
      {start: 9, end: 9, protocol: TCP}, {start: 11, end: 11, protocol: TCP},
      {start: 13, end: 13, protocol: TCP}, {start: 15, end: 15, protocol: TCP},
      {start: 17, end: 17, protocol: TCP}, {start: 19, end: 19, protocol: TCP},
      {start: 21, end: 21, protocol: TCP}]

Accepted
    masquerade: {}
    portRanges: [{start: 1, end: 21, protocol: TCP}]

Source
    pkg/network/admitter/netiface.go@v1.9.0.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._ports import port_ranges_are_read
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_MAX_COUNT = 10


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Count the ranges, where KubeVirt reads them."""
    count = len(interface.port_ranges or ())
    if count <= _MAX_COUNT or not port_ranges_are_read(interface, vmi, registry):
        return ()
    message = f"portRanges has {count} entries, and at most {_MAX_COUNT} are allowed"
    return [Violation(("portRanges",), message, "join adjacent ranges; without portRanges and ports every port is forwarded")]


RULE = InterfaceRule(
    name="too-many-port-ranges",
    group=Group.NETWORKS,
    check=check,
    field="port_ranges",
    since=Version(1, 9),
    upstream_since=Version(1, 9),
)
