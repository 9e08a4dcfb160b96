"""A VM has a DRA network, and the feature gate of DRA networks is off.

What
    One of `networks` has `resourceClaim`, and feature gate `NetworkDevicesWithDRA` is off.

Why
    Networks with dynamic resource allocation (DRA) are Alpha in KubeVirt 1.9: an admin must enable them. For 1.10 they are planned as Beta,
    which is on unless an admin disables it. If the gates are not known, the rule assumes the default and warns.

Refused
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nics, requestName: fast}}]
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Accepted
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, multus: {networkName: fast}}]

Source
    pkg/network/admitter/dra.go@v1.9.0, which reports `networks`; for 1.10 VEP 183 of kubevirt/enhancements.
"""

from webhook.kube.text import quoted
from webhook.plugins.gates import how_to_enable
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, Mistakes, SpecRule, Violation
from webhook.rules.networks._dra import GATE, SINCE, first_dra
from webhook.vmi.vmi import VMI


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Report the first DRA network if the gate is off. The rule only warns if the gate is not known."""
    index = first_dra(vmi)
    if index is None:
        return ()
    gate = registry.gate(GATE)
    if gate.is_on:
        return ()
    off = "off" if gate.is_known else f"probably off ({registry.gates_doubt})"
    message = f"resourceClaim of network {quoted(vmi.networks[index].name)} needs feature gate {GATE}, which is {off}"
    at_most = Action.DENY if gate.is_known else Action.WARN
    return [Violation(("networks", index, "resourceClaim"), message, "use multus for this network", at_most, how_to_enable(GATE))]


RULE = SpecRule(
    name="dra-gate-disabled", group=Group.NETWORKS, check=check, depends_on_cr=True, trait="has_claims", since=SINCE, upstream_since=SINCE
)
