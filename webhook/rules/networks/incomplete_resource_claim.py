"""A DRA network does not name its claim, or the request in the claim.

What
    `claimName` or `requestName` of `networks[].resourceClaim` is absent or empty.

Why
    A claim can have several requests. Only both names together say which device becomes the NIC.

Refused
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nics}}]
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
    """Check each DRA network for both names."""
    networks = evaluated(vmi, registry)
    if not networks:
        return ()
    return (
        Violation(
            ("networks", index, "resourceClaim", field),
            f"resourceClaim of network {quoted(network.name)} has no {field}",
            f"set {field} to {meaning}",
        )
        for index, network, claim in networks
        for field, name, meaning in (
            ("claimName", claim.claim_name, "the name of an entry of resourceClaims"),
            ("requestName", claim.request_name, "the name of a device request of the claim"),
        )
        if not name
    )


RULE = SpecRule(
    name="incomplete-resource-claim",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.REQUIRED,
    trait="has_claims",
    since=SINCE,
    upstream_since=SINCE,
)
