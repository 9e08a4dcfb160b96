"""A VM has a DRA network, and KubeVirt's DRA networks are switched off.

What
    One of `networks` has `resourceClaim`, and feature gate `NetworkDevicesWithDRA` is not enabled.

Why
    Networks by dynamic resource allocation (DRA) are alpha in KubeVirt 1.9: an admin has to enable them.

Refused
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nics, requestName: fast}}]
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Accepted
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, multus: {networkName: fast}}]

Source
    pkg/network/admitter/dra.go@v1.9.0, which reports `networks`.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, Mistakes, SpecRule, Violation
from webhook.rules.networks._dra import GATE, SINCE, first_dra
from webhook.vmi.vmi import VMI


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Point at the first DRA network when the gate is off; only warn when nobody knows the gate."""
    index = first_dra(vmi)
    if index is None:
        return ()
    gate = registry.gate(GATE)
    if gate.is_on:
        return ()
    guess = "" if gate.is_known else " by default"
    message = f"network {quoted(vmi.networks[index].name)} is a DRA network, and feature gate {GATE} is off{guess}"
    accepted = f"enable feature gate {GATE} in the KubeVirt CR, or connect the network by multus"
    return [Violation(("networks", index, "resourceClaim"), message, accepted, Action.DENY if gate.is_known else Action.WARN)]


RULE = SpecRule(name="dra-gate-disabled", group=Group.NETWORKS, check=check, trait="has_claims", since=SINCE, upstream_since=SINCE)
