"""An interface has portRanges, and their feature gate is off.

What
    `interfaces[].portRanges` has entries, on any network, and feature gate PortRangesSpec is not enabled.

Why
    Port ranges are Alpha in KubeVirt 1.9: they are off unless an admin enables them. KubeVirt refuses the VM. If the gates are not known,
    the rule assumes the default and warns.

Refused
    masquerade: {}
    portRanges: [{start: 8000, end: 8100, protocol: TCP}]

Accepted
    masquerade: {}
    ports: [{port: 8000}, {port: 8001}]

Source
    pkg/network/admitter/netiface.go@v1.9.0, which reports `interfaces[i].name`. An empty list counts as absent, since KubeVirt's mutating
    webhook drops it.
"""

from webhook.kube.version import Version
from webhook.plugins.gates import how_to_enable
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._ports import PORT_RANGES_GATE
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Check the gate. While it is off, no other rule reports `portRanges`."""
    if not interface.port_ranges:
        return ()
    gate = registry.gate(PORT_RANGES_GATE)
    if gate.is_on:
        return ()
    off = "off" if gate.is_known else f"probably off ({registry.gates_doubt})"
    message = f"portRanges needs feature gate {PORT_RANGES_GATE}, which is {off}"
    at_most = Action.DENY if gate.is_known else Action.WARN
    return [Violation(("portRanges",), message, "list single ports in ports instead", at_most, how_to_enable(PORT_RANGES_GATE))]


RULE = InterfaceRule(
    name="port-ranges-gate-disabled",
    group=Group.NETWORKS,
    check=check,
    depends_on_cr=True,
    field="port_ranges",
    since=Version(1, 9),
    upstream_since=Version(1, 9),
)
