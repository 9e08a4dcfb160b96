"""The findings about one object, of any kind that is checked."""

from collections.abc import Iterator, Sequence

from webhook.admission.objects import CheckedObject, read_object
from webhook.admission.ratchet import softened
from webhook.kube.fieldpath import Path, look_up
from webhook.plugins.sources import RegistryCR
from webhook.rules.base import Finding, Registration, ShapeError, Subject
from webhook.rules.plan import Plan
from webhook.vmi.kinds import Kind, split_api_version
from webhook.vmi.objects import VMIObject
from webhook.vmi.vmi import VMI


def evaluate_object(obj: object, plan: Plan) -> list[Finding] | None:
    """All findings about an object in plain data, its API version included; `None` when it is of a kind that holds nothing to check."""
    checked = read_object(obj)
    if checked is None:
        return None
    return evaluate(checked, plan, unserved=_unserved(obj, checked.kind) if isinstance(checked, VMIObject) else ())


def evaluate(obj: CheckedObject, plan: Plan, *, before: VMIObject | None = None, unserved: Sequence[ShapeError] = ()) -> list[Finding]:
    """All findings about an object.

    Args:
        obj: The object.
        plan: The rules that run.
        before: What it was before an UPDATE; `None` when there is nothing to compare with.
        unserved: That its API version is not served, where that is an error.
    """
    if isinstance(obj, RegistryCR):
        findings = _evaluate_registrations(obj, plan)
    elif obj.spec is not None:
        old = {interface.name or "": interface for interface in before.interfaces} if before is not None and obj.has_vmi else None
        vmi = VMI(obj.spec, annotations=obj.annotations, has_preference=obj.has_preference, gets_defaults=obj.kind.gets_defaults, old=old)
        findings = plan.evaluate_vmi(vmi, obj.kind.spec)
    else:
        findings = []
    if obj.type_mismatches or unserved:
        errors = [ShapeError(mismatch.path, mismatch.expected, mismatch.found) for mismatch in obj.type_mismatches]
        shapes = plan.evaluate_shapes([*unserved, *errors])
        findings = shapes + _not_following(findings, shapes)
    return _only_certain(findings, obj) if isinstance(obj, VMIObject) and obj.kind.is_template else findings


def _evaluate_registrations(cr: RegistryCR, plan: Plan) -> list[Finding]:
    findings: list[Finding] = []
    for written in cr.registrations:
        findings += plan.evaluate_registration(Registration(written.name, written.raw, written.plugin), written.path)
        if len(findings) > plan.most_findings:
            return plan.cut(findings, ())
    return findings


def _unserved(obj: object, kind: Kind) -> list[ShapeError]:
    found = look_up(obj, ("apiVersion",))
    if not isinstance(found, str) or split_api_version(found)[1] in kind.versions:
        return []
    expected = " or ".join(f"{kind.group}/{version}" for version in kind.versions)
    return [ShapeError(("apiVersion",), expected, found, about=Subject.VERSION)]


def _not_following(findings: list[Finding], shapes: list[Finding]) -> list[Finding]:
    """The findings that do not only follow from a value of the wrong type, which counts as absent.

    A finding follows from it when it is inside such a value, or about the object that would hold the value.
    """
    if not shapes:
        return findings
    paths = {shape.path for shape in shapes}
    holders = {path[:-1] for path in paths}
    return [finding for finding in findings if finding.path not in holders and paths.isdisjoint(_with_parents(finding.path))]


def _with_parents(path: Path) -> Iterator[Path]:
    return (path[:length] for length in range(len(path) + 1))


def _only_certain(findings: list[Finding], obj: VMIObject) -> list[Finding]:
    """The findings as warnings, without those about an interface, network or value that has a `${PARAMETER}`."""
    items = {_evaluated_item(finding.path, obj.kind) for finding in findings}
    open_ = {item for item in items if _has_parameter(look_up(obj.template, item))}
    return softened(finding for finding in findings if _evaluated_item(finding.path, obj.kind) not in open_)


def _evaluated_item(path: Path, kind: Kind) -> Path:
    """The path of the interface or network that the finding is in, or the path itself."""
    for length in range(len(kind.spec), len(path)):
        if isinstance(path[length], int):
            return path[: length + 1]
    return path


def _has_parameter(value: object) -> bool:
    waiting = [value]  # no recursion: an object may be nested deeper than Python's stack
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "${" in item:
                return True
        elif isinstance(item, dict | list):
            waiting.extend(item.values() if isinstance(item, dict) else item)
    return False
