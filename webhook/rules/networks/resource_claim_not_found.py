"""A DRA network uses a claim that the VM does not have.

What
    No entry of `resourceClaims`, the list next to `networks`, has the name in `networks[].resourceClaim.claimName`.

Why
    The claim passes the device to the virt-launcher pod, and the pod gets only the claims in `resourceClaims`.

Refused
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nisc, requestName: fast}}]
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Accepted
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nics, requestName: fast}}]
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Source
    pkg/network/admitter/dra.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, Mistakes, SpecRule, Violation
from webhook.rules.networks._dra import SINCE, evaluated
from webhook.vmi.vmi import VMI


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Look up each claim. `incomplete-resource-claim` reports missing names."""
    networks = evaluated(vmi, registry)
    if not networks:
        return ()
    names = {claim.name for claim in vmi.spec.resource_claims or () if claim.name}
    return (
        Violation(
            ("networks", index, "resourceClaim", "claimName"),
            f"no entry of resourceClaims is named {quoted(claim.claim_name)}{vmi.meant(claim.claim_name, names)}",
            "use the name of an entry of resourceClaims, or add an entry",
        )
        for index, _, claim in networks
        if claim.claim_name and claim.request_name and claim.claim_name not in names
    )


RULE = SpecRule(
    name="resource-claim-not-found",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.NOT_FOUND,
    trait="has_claims",
    since=SINCE,
    upstream_since=SINCE,
)
