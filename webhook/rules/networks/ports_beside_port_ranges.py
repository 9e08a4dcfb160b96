"""An interface has both ports and portRanges.

What
    `interfaces[].ports` and `interfaces[].portRanges` both have entries, and the interface is on the pod network.

Why
    KubeVirt accepts only one of the two lists. A range with one port is the same as a port.

Refused
    masquerade: {}
    ports: [{port: 22}]
    portRanges: [{start: 8000, end: 8100, protocol: TCP}]

Accepted
    masquerade: {}
    portRanges: [{start: 22, end: 22, protocol: TCP}, {start: 8000, end: 8100, protocol: TCP}]

Source
    pkg/network/admitter/netiface.go@v1.9.0, which reports `interfaces[i].name`. Empty lists count as absent, since KubeVirt's mutating
    webhook drops them.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._ports import port_ranges_are_read
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Check both fields, where KubeVirt reads them."""
    if not interface.ports or not port_ranges_are_read(interface, vmi, registry):
        return ()
    message = "an interface can have portRanges or ports, not both"
    return [Violation(("portRanges",), message, "write each port as a range with equal start and end, and remove ports")]


RULE = InterfaceRule(
    name="ports-beside-port-ranges",
    group=Group.NETWORKS,
    check=check,
    field="port_ranges",
    since=Version(1, 9),
    upstream_since=Version(1, 9),
)
