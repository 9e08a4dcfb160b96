"""A registration has a field that KubeVirt's API does not have.

What
    A key of the plugin object is unknown, or exists only in later KubeVirt releases than the running one.

Why
    The API server drops the key with a warning. The plugin is registered without it.

Refused
    {sidecarimage: "quay.io/kubevirt/network-passt-binding:v1.9.0"}
    {sidecarImage: "quay.io/acme/vdpa:v1", resources: {}}

Accepted
    {sidecarImage: "quay.io/kubevirt/network-passt-binding:v1.9.0"}

Source
    staging/src/kubevirt.io/api/core/v1/types.go, compared from v1.1.0 to v1.9.0.
"""

from collections.abc import Iterator

from webhook.kube.text import quoted
from webhook.plugins.fields import CLAIMS_UNTIL, SINCE, Unknown, unknown_fields
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, Mistakes, Registration, RegistrationRule, Violation

_CLAIMS = ("computeResourceOverhead", "claims")


def check(registration: Registration, registry: Registry) -> Mistakes:
    """Compare the keys with those of the running release. Keys inside a pruned field are not reported again."""
    raw = registration.raw
    if not isinstance(raw, dict):
        return ()
    too_new = [field for field in SINCE if raw.get(field) is not None and not registry.at_least(*SINCE[field])]
    newer = [Violation((field,), _too_new(field, registry), f"remove {field}, or upgrade KubeVirt to {SINCE[field]}") for field in too_new]
    return [*newer, *(_unknown(each) for each in _not_in_api(raw, registry) if each.path[0] not in too_new)]


def _too_new(field: str, registry: Registry) -> str:
    return f"KubeVirt {registry.version} drops {field}: the field came with {SINCE[field]}"


def _not_in_api(raw: object, registry: Registry) -> Iterator[Unknown]:
    claims_kept = registry.version is not None and registry.version < CLAIMS_UNTIL
    return (each for each in unknown_fields(raw) if not (claims_kept and each.path == _CLAIMS))


def _unknown(each: Unknown) -> Violation:
    if each.path == _CLAIMS:
        return Violation(each.path, f"KubeVirt drops claims: {CLAIMS_UNTIL} removed the field", "remove it; only requests.memory counts")
    meant = f"; did you mean {quoted(each.meant)}?" if each.meant is not None else ""
    return Violation(each.path, f"KubeVirt drops {quoted(each.key)}: it is not a field of a plugin{meant}", "use " + ", ".join(each.known))


RULE = RegistrationRule(name="pruned-field", group=Group.REGISTRATIONS, check=check, action=Action.WARN)
