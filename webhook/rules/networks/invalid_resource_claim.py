"""A resource claim of a VM is invalid.

What
    An entry of `resourceClaims` has no name, a name that is not a DNS label, or the name of another entry. Or it has both or neither of
    `resourceClaimName` and `resourceClaimTemplateName`, or one of these is not a DNS subdomain.

Why
    The virt-launcher pod gets the same list, and these are the rules of its API. KubeVirt 1.9 checks them for every VM. Before 1.9 the API
    server refused a repeated name, and nothing checked the rest.

Refused
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nics, requestName: fast}}]
    resourceClaims: [{name: nics}]

Accepted
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nics, requestName: fast}}]
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Source
    validateResourceClaims in pkg/dra/admitter/dra_admitter.go@v1.9.0. From v1.6 on the list is a map by name in the CRD.
"""

from collections.abc import Iterator

from webhook.kube.names import is_dns_label, is_dns_name
from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, SpecRule, Violation
from webhook.rules.networks._repeats import repeats
from webhook.vmi.spec import PodResourceClaim
from webhook.vmi.vmi import VMI

_SINCE = Version(1, 9)
_IN_SCHEMA_SINCE = Version(1, 6)
_HELP = "give each entry its own name, and either resourceClaimName or resourceClaimTemplateName"


def check(vmi: VMI, registry: Registry) -> Iterator[Violation]:
    """Compare the names, then check each entry."""
    claims = vmi.spec.resource_claims or []
    for index, earlier in repeats(claim.name for claim in claims):
        at = ("resourceClaims", index, "name")
        yield Violation(at, f"name {quoted(claims[index].name)} is also that of resourceClaims[{earlier}]", _HELP)
    if registry.at_least(*_SINCE):
        for index, claim in enumerate(claims):
            yield from _about(index, claim)


def _about(index: int, claim: PodResourceClaim) -> Iterator[Violation]:
    at = ("resourceClaims", index)
    if not claim.name:
        yield Violation((*at, "name"), "this resource claim has no name", _HELP)
    elif not is_dns_label(claim.name):
        yield Violation((*at, "name"), f"name {quoted(claim.name)} is not a DNS label (lower case letters, digits and -)", _HELP)
    named, template = claim.resource_claim_name, claim.resource_claim_template_name
    if named is None and template is None:
        yield Violation(at, "this resource claim has neither resourceClaimName nor resourceClaimTemplateName", _HELP)
    if named is not None and template is not None:
        yield Violation(at, "this resource claim has both resourceClaimName and resourceClaimTemplateName", _HELP)
    for field, value in (("resourceClaimName", named), ("resourceClaimTemplateName", template)):
        if value is not None and not is_dns_name(value):
            yield Violation((*at, field), f"{field} {quoted(value)} is not a DNS subdomain", "write the name of an object that exists")


RULE = SpecRule(
    name="invalid-resource-claim",
    group=Group.NETWORKS,
    check=check,
    trait="has_resource_claims",
    since=_IN_SCHEMA_SINCE,
    upstream_since=_IN_SCHEMA_SINCE,
)
