"""An interface has portRanges but not the masquerade binding.

What
    `interfaces[].portRanges` is present, `masquerade` is not, and the interface is on the pod network.

Why
    A range says which ports the NAT of masquerade forwards to the guest. Other bindings do not use such a list.

Refused
    bridge: {}
    portRanges: [{start: 8000, end: 8100, protocol: TCP}]

Accepted
    masquerade: {}
    portRanges: [{start: 8000, end: 8100, protocol: TCP}]

Source
    pkg/network/admitter/netiface.go@v1.9.0, which reports `interfaces[i].name`.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._ports import port_ranges_are_read
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Check the binding, where KubeVirt reads `portRanges`."""
    if interface.masquerade is not None or not port_ranges_are_read(interface, vmi, registry):
        return ()
    message = "portRanges works with masquerade only, and this interface does not use it"
    return [Violation(("portRanges",), message, "use masquerade: {}, or remove portRanges")]


RULE = InterfaceRule(
    name="port-ranges-without-masquerade",
    group=Group.NETWORKS,
    check=check,
    field="port_ranges",
    since=Version(1, 9),
    upstream_since=Version(1, 9),
)
