"""Validation: the bytes of a review in, the answer out.

The order of the questions is the order of their cost: what the request says about itself first, then the object, then, only when the new
object would be denied, the old one.
"""

from collections.abc import Container, Mapping

from webhook.admission.answer import Answer, Decision, ReviewError, answer_of
from webhook.admission.envelope import open_review, undecodable
from webhook.admission.evaluation import evaluate_object
from webhook.admission.ratchet import EvaluatedObject, denies, ratchet, softened
from webhook.admission.review import GroupVersionKind, Request, fast_kind, plain_objects
from webhook.admission.rule_set import RuleSet
from webhook.kube.fieldpath import look_up
from webhook.kube.shape import UNDECODABLE
from webhook.plugins.sources import is_hyperconverged, is_kubevirt, registrations_in
from webhook.rules.base import Finding
from webhook.rules.plan import Plan
from webhook.vmi.kinds import KINDS, Kind, kind_of, read_vmi
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_REGISTRIES = frozenset({("kubevirt.io", "KubeVirt"), ("hco.kubevirt.io", "HyperConverged")})
_KNOWN = _REGISTRIES | {(kind.group, kind.name) for kind in KINDS}
_SUBRESOURCES = frozenset({"status", "scale"})
_UPDATE = "UPDATE"
_SERVED = "unserved-version"
_REASONS = ("delete", "connect", "status", "scale", "subresource", "unknown-kind", "exempt-namespace", "deleting", "unchanged")
_PASSED: Mapping[str, Answer] = {reason: Answer(decision=Decision.ALLOWED, reason=reason) for reason in _REASONS}


def validate(body: bytes, rule_set: RuleSet, *, exempt_namespaces: Container[str] = frozenset()) -> tuple[Request, Answer]:
    """Answer the AdmissionReview in `body`, as `evaluate` does; `ReviewError` when it is none that can be answered."""
    request = open_review(body)
    return request, evaluate(request, body, rule_set, exempt_namespaces=exempt_namespaces)


def evaluate(request: Request, body: bytes, rule_set: RuleSet, *, exempt_namespaces: Container[str] = frozenset()) -> Answer:
    """Answer the request that was read from `body`: allowed or denied, with everything that the rules found.

    What is allowed without a look says why in `reason`: `delete`, `connect`, `status`, `scale`, `subresource`, `unknown-kind` (it holds no
    VMI spec), `exempt-namespace`, `deleting` (it has a deletionTimestamp, which nobody but the API server can set), `unchanged` (no plugin
    of a KubeVirt or HyperConverged CR changed).

    The KubeVirt and HyperConverged CRs get warnings at most: whether an admin's registration stands is not ours to decide, and a denial
    would also stop the operator that writes them. On an UPDATE the ratchet holds (`webhook.admission.ratchet`). An UPDATE without an
    oldObject denies nothing: the API server always sends one, and what cannot be compared must not block a controller.

    Raises:
        ReviewError: The request has no object that can be evaluated.
    """
    reason = _unevaluated(request, exempt_namespaces)
    if reason:
        return _PASSED[reason]
    try:
        return _evaluated(request, body, rule_set.plan)
    except UNDECODABLE as error:
        raise ReviewError(undecodable(error)) from error


def _unevaluated(request: Request, exempt_namespaces: Container[str]) -> str:
    """Why a request needs no checking, as far as it says so itself."""
    if request.operation not in {"CREATE", _UPDATE}:
        return request.operation.lower()
    if request.sub_resource:
        return request.sub_resource if request.sub_resource in _SUBRESOURCES else "subresource"
    if (request.kind.group, request.kind.kind) not in _KNOWN:
        return "unknown-kind"
    return "exempt-namespace" if request.namespace in exempt_namespaces else ""


def _evaluated(request: Request, body: bytes, plan: Plan) -> Answer:
    """Check what is decoded already; what does not fit goes the way of `check`, which takes any shape and tells every type mismatch."""
    kind, carried = fast_kind(request), request.carried
    if kind is None or carried is None:
        return _evaluated_plain(request, body, plan)
    if carried.metadata is not None and carried.metadata.deletion_timestamp is not None:
        return _PASSED["deleting"]
    vmi = carried.vmi(kind.name)
    if vmi is None:
        return _evaluated_plain(request, body, plan)
    if request.operation == _UPDATE:
        return answer_of(_updated(request, vmi, kind, plan))
    return answer_of(plan.evaluate_vmi(vmi, kind.spec))


def _updated(request: Request, vmi: VMI, kind: Kind, plan: Plan) -> list[Finding]:
    before = request.carried_before
    old = before.vmi(kind.name) if before is not None else None
    if before is not None:
        vmi.old = old.interface_named if old is not None else {}
    findings = plan.evaluate_vmi(vmi, kind.spec)
    if not denies(findings):
        return findings
    if before is None or (request.carried is not None and request.carried.spec == before.spec):
        return softened(findings)
    findings_before = plan.evaluate_vmi(old, kind.spec) if old is not None else []
    return ratchet(EvaluatedObject(findings, vmi, kind.spec), EvaluatedObject(findings_before, old, kind.spec))


def _evaluated_plain(request: Request, body: bytes, plan: Plan) -> Answer:
    carried, carried_before = plain_objects(body)
    if not isinstance(carried, dict):
        raise ReviewError(f"request.object of an operation {request.operation} must be an object")
    obj, old = _as_told(carried, request.kind), _as_told(carried_before, request.kind)
    if look_up(obj, ("metadata", "deletionTimestamp")) is not None:
        return _PASSED["deleting"]
    if is_kubevirt(obj) or is_hyperconverged(obj):
        unchanged = request.operation == _UPDATE and _registrations(obj) == _registrations(old)
        return _PASSED["unchanged"] if unchanged else answer_of(softened(evaluate_object(obj, plan) or []))
    findings = evaluate_object(obj, plan, _interfaces_before(old) if request.operation == _UPDATE else None)
    if findings is None:
        return _PASSED["unknown-kind"]
    findings = _served(findings)
    return answer_of(_updated_plain(findings, obj, old, plan) if request.operation == _UPDATE and denies(findings) else findings)


def _interfaces_before(old: object) -> Mapping[str, Interface] | None:
    """By name; `None` where there is no object to compare with."""
    kind = kind_of(old)
    if kind is None:
        return None
    vmi = read_vmi(old, kind)[0]
    return vmi.interface_named if vmi is not None else {}


def _updated_plain(findings: list[Finding], obj: object, old: object, plan: Plan) -> list[Finding]:
    kind = kind_of(obj)
    if kind is None or not isinstance(old, dict) or look_up(obj, ("spec",)) == old.get("spec"):
        return softened(findings)
    after = EvaluatedObject(findings, read_vmi(obj, kind)[0], kind.spec)
    return ratchet(after, EvaluatedObject(evaluate_object(old, plan) or [], read_vmi(old, kind)[0], kind.spec))


def _as_told(obj: object, told: GroupVersionKind) -> object:
    """The object as being what the request says it is, which is what the API server took it for."""
    return {**obj, "apiVersion": f"{told.group}/{told.version}", "kind": told.kind} if isinstance(obj, dict) else obj


def _registrations(obj: object) -> list[tuple[str, object]]:
    return [(written.name, written.raw) for written in registrations_in(obj)]


def _served(findings: list[Finding]) -> list[Finding]:
    """A version that is newer than Bindguard is no mistake: the API server serves it, or it would not have sent it."""
    return [finding for finding in findings if finding.rule != _SERVED]
