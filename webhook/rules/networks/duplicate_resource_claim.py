"""Two DRA networks use the same device.

What
    `networks[].resourceClaim` has the same `claimName` and `requestName` as an earlier network.

Why
    A request of a claim provides one device, and a device becomes one NIC.

Refused
    interfaces: [{name: fast, sriov: {}}, {name: faster, sriov: {}}]
    networks:
    - {name: fast, resourceClaim: {claimName: nics, requestName: fast}}
    - {name: faster, resourceClaim: {claimName: nics, requestName: fast}}
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Accepted
    interfaces: [{name: fast, sriov: {}}, {name: faster, sriov: {}}]
    networks:
    - {name: fast, resourceClaim: {claimName: nics, requestName: fast}}
    - {name: faster, resourceClaim: {claimName: nics, requestName: faster}}
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Source
    pkg/network/admitter/dra.go@v1.9.0, which compares the two names joined by a slash and reports `networks[n]`.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, Mistakes, SpecRule, Violation
from webhook.rules.networks._dra import SINCE, evaluated
from webhook.rules.networks._repeats import repeats
from webhook.vmi.vmi import VMI


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Report each DRA network with the device of an earlier one. `incomplete-resource-claim` reports missing names."""
    networks = evaluated(vmi, registry)
    if len(networks) <= 1:
        return ()
    devices = [
        (index, f"{claim.claim_name}/{claim.request_name}") for index, _, claim in networks if claim.claim_name and claim.request_name
    ]
    return (
        Violation(
            ("networks", devices[later][0], "resourceClaim"),
            f"networks[{devices[earlier][0]}] uses claim and request {quoted(devices[later][1])} too",
            "give each network its own request",
        )
        for later, earlier in repeats(device for _, device in devices)
    )


RULE = SpecRule(
    name="duplicate-resource-claim",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.DUPLICATE,
    trait="has_claims",
    since=SINCE,
    upstream_since=SINCE,
)
