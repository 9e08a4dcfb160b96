"""A review in, an answer out: the steps of `/validate`, in the order of their cost.

What the request says about itself comes first, then the object, and the old object only when the new one would be denied.
"""

from collections.abc import Container, Mapping

from webhook.admission.answer import Answer, ReviewError, SkipReason, answer_of, skipped
from webhook.admission.confirmation import unchecked
from webhook.admission.evaluation import evaluate
from webhook.admission.objects import CHECKED_KINDS
from webhook.admission.ratchet import EvaluatedObject, denies, ratchet, softened
from webhook.admission.review import Objects, Request, Review, objects_of, undecodable
from webhook.admission.rule_set import RuleSet
from webhook.kube.shape import UNDECODABLE
from webhook.plugins.sources import RegistryCR
from webhook.rules.base import Finding
from webhook.rules.plan import Plan
from webhook.vmi.objects import VMIObject

_SUBRESOURCES: Mapping[str, SkipReason] = {"status": SkipReason.STATUS, "scale": SkipReason.SCALE}
_UPDATE = "UPDATE"


def validate(review: Review, rule_set: RuleSet, *, exempt_namespaces: Container[str] = frozenset()) -> Answer:
    """Answer a review: allowed or denied, with everything that the rules found.

    The KubeVirt and HyperConverged CRs get warnings at most: whether an admin's registration stands is not ours to decide, and a denial
    would also stop the operator that writes them.

    Raises:
        ReviewError: The request has no object that can be evaluated.
    """
    reason = _skip_reason(review.request, exempt_namespaces)
    if reason is not None:
        return skipped(reason)
    try:
        return _evaluated(review.request, objects_of(review), rule_set)
    except UNDECODABLE as error:
        raise ReviewError(undecodable(error)) from error


def _skip_reason(request: Request, exempt_namespaces: Container[str]) -> SkipReason | None:
    """Why a request needs no checking, as far as it says so itself."""
    if request.operation not in {"CREATE", _UPDATE}:
        return SkipReason(request.operation.lower())
    if request.sub_resource:
        return _SUBRESOURCES.get(request.sub_resource, SkipReason.SUBRESOURCE)
    if (request.kind.group, request.kind.kind) not in CHECKED_KINDS:
        return SkipReason.UNKNOWN_KIND
    return SkipReason.EXEMPT_NAMESPACE if request.namespace in exempt_namespaces else None


def _evaluated(request: Request, objects: Objects, rule_set: RuleSet) -> Answer:
    new, old = objects.new, objects.old
    if new is None:
        return skipped(SkipReason.UNKNOWN_KIND)
    if new.is_deleting:
        return skipped(SkipReason.DELETING)  # only the API server can set a deletionTimestamp
    if isinstance(new, RegistryCR):
        registered = old.registrations if isinstance(old, RegistryCR) else ()
        if request.operation == _UPDATE and list(new.registrations) == list(registered):
            return skipped(SkipReason.UNCHANGED)
        return answer_of(softened(evaluate(new, rule_set.plan)))
    if request.operation == _UPDATE:
        findings = _updated(new, old if isinstance(old, VMIObject) else None, rule_set.plan)
    else:
        findings = evaluate(new, rule_set.plan)
        if _is_copied_by_kubevirt(request, rule_set):
            findings = softened(findings)
    if rule_set.unchecked:
        findings += unchecked(new, rule_set)
    return answer_of(findings)


def _is_copied_by_kubevirt(request: Request, rule_set: RuleSet) -> bool:
    """Whether virt-controller creates a VM itself: for a restore, a clone or a pool.

    A denial would be seen by nobody: it ends a restore without a word to who asked for it, and the data stays out of reach. The VM that
    it creates can be corrected, and until then its VMI is denied where the VM shows it.
    """
    creators = rule_set.launcher_creators
    return request.kind.kind == "VirtualMachine" and creators is not None and request.user_info.username in creators


def _updated(new: VMIObject, old: VMIObject | None, plan: Plan) -> list[Finding]:
    """The findings about an updated object, of which only what changed denies.

    Without an old object nothing denies: the API server always sends one, and what cannot be compared must not block a controller.
    """
    findings = evaluate(new, plan, before=old)
    if not denies(findings):
        return findings
    if old is None or _read_of_spec(new) == _read_of_spec(old):
        return softened(findings)
    return ratchet(EvaluatedObject(new, findings), EvaluatedObject(old, evaluate(old, plan)))


def _read_of_spec(obj: VMIObject) -> tuple[object, ...]:
    """All that was read of the object's `spec`, where the annotations of a VMI's template are too, and not those of a VMI."""
    annotations = obj.annotations if obj.kind.annotations[0] == "spec" else None
    type_mismatches = [mismatch for mismatch in obj.type_mismatches if mismatch.path[0] == "spec"]
    return obj.spec, annotations, obj.has_preference, type_mismatches
