"""A registration has a compute resource overhead that KubeVirt ignores.

What
    `computeResourceOverhead` has other values than `requests.memory`: `limits`, CPU, other resources, or `claims` (KubeVirt 1.3).

Why
    The schema accepts every resource name, but KubeVirt reads `requests.memory` only. It does not reserve the rest.

Refused
    {domainAttachmentType: tap, computeResourceOverhead: {requests: {memory: 250Mi, cpu: 100m}}}
    {domainAttachmentType: tap, computeResourceOverhead: {limits: {memory: 250Mi}}}

Accepted
    {domainAttachmentType: tap, computeResourceOverhead: {requests: {memory: 250Mi}}}

Source
    Only pkg/network/resources/memory.go@v1.9.0 reads it.
"""

from collections.abc import Iterator

from webhook.kube.fieldpath import Path, look_up, render
from webhook.kube.version import Version
from webhook.plugins.fields import CLAIMS_UNTIL
from webhook.plugins.plugin import ComputeResourceOverhead
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, Mistakes, Registration, RegistrationRule, Violation

_FIELD = "computeResourceOverhead"


def check(registration: Registration, registry: Registry) -> Mistakes:
    """Report each ignored key. `pruned-field` reports the whole field before 1.3, and `claims` from 1.4 on."""
    overhead = registration.plugin.compute_resource_overhead
    if overhead is None:
        return ()
    return [
        Violation(path, _message(path), "remove it; KubeVirt counts requests.memory only")
        for path in _ignored(overhead, registration, registry)
    ]


def _ignored(overhead: ComputeResourceOverhead, registration: Registration, registry: Registry) -> Iterator[Path]:
    for resource in overhead.requests or ():
        if resource != "memory":
            yield (_FIELD, "requests", resource)
    for resource in overhead.limits or ():
        yield (_FIELD, "limits", resource)
    has_claims = registry.version is not None and registry.version < CLAIMS_UNTIL
    if has_claims and look_up(registration.raw, (_FIELD, "claims")):
        yield (_FIELD, "claims")


def _message(path: Path) -> str:
    return f"KubeVirt ignores {render(path[1:])} of a plugin's computeResourceOverhead"


RULE = RegistrationRule(name="ignored-overhead", group=Group.REGISTRATIONS, check=check, action=Action.WARN, since=Version(1, 3))
