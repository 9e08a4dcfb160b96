"""One object of any kind, as plain data, checked: what every way in ends in."""

from collections.abc import Iterable, Iterator, Mapping

from webhook.admission.ratchet import softened
from webhook.kube.fieldpath import Path, look_up
from webhook.kube.shape import TypeMismatch
from webhook.plugins.sources import is_hyperconverged, is_kubevirt, registrations_in, type_mismatches_in
from webhook.rules.base import Finding, Registration, ShapeError
from webhook.rules.plan import Plan
from webhook.vmi.kinds import Kind, kind_of, read_vmi, split_api_version
from webhook.vmi.spec import Interface


def evaluate_object(obj: object, plan: Plan, before: Mapping[str, Interface] | None = None) -> list[Finding] | None:
    """All findings about an object, or `None` when it is of a kind that holds nothing to check.

    `before` are the interfaces before an UPDATE, by name; `None` when this is not an update.
    """
    kind = kind_of(obj)
    if kind is not None:
        return _evaluate_vmi_object(obj, kind, plan, before)
    if is_kubevirt(obj) or is_hyperconverged(obj):
        return _evaluate_registrations(obj, plan)
    return None


def _evaluate_vmi_object(obj: object, kind: Kind, plan: Plan, before: Mapping[str, Interface] | None) -> list[Finding]:
    vmi, type_mismatches = read_vmi(obj, kind)
    if vmi is not None:
        vmi.old = before
    shapes = plan.evaluate_shapes([*_unserved(obj, kind), *_shape_errors(type_mismatches)])
    findings = [] if vmi is None else plan.evaluate_vmi(vmi, kind.spec)
    evaluated = shapes + _not_following(findings, shapes)
    return _only_certain(evaluated, obj, kind) if kind.is_template else evaluated


def _evaluate_registrations(obj: object, plan: Plan) -> list[Finding]:
    type_mismatches = type_mismatches_in(obj)
    shapes = plan.evaluate_shapes(_shape_errors(type_mismatches))
    findings: list[Finding] = []
    for written in registrations_in(obj):
        findings += plan.evaluate_registration(Registration(written.name, written.raw, written.plugin), written.path)
        if len(findings) > plan.most_findings:
            findings = plan.cut(findings, ())
            break
    return shapes + _not_following(findings, shapes)


def _shape_errors(type_mismatches: Iterable[TypeMismatch]) -> list[ShapeError]:
    return [ShapeError(type_mismatch.path, type_mismatch.expected, type_mismatch.found) for type_mismatch in type_mismatches]


def _unserved(obj: object, kind: Kind) -> list[ShapeError]:
    found = look_up(obj, ("apiVersion",))
    if not isinstance(found, str) or split_api_version(found)[1] in kind.versions:
        return []
    expected = " or ".join(f"{kind.group}/{version}" for version in kind.versions)
    return [ShapeError(("apiVersion",), expected, found, unserved=True)]


def _not_following(findings: list[Finding], shapes: list[Finding]) -> list[Finding]:
    """The findings that do not just follow from a value of the wrong type, which counts as absent: that mistake is told once.

    Those are findings inside such a value, and findings about the object that would hold it, which misses it.
    """
    if not shapes:
        return findings
    paths = {shape.path for shape in shapes}
    holders = {path[:-1] for path in paths}
    return [finding for finding in findings if finding.path not in holders and paths.isdisjoint(_with_parents(finding.path))]


def _with_parents(path: Path) -> Iterator[Path]:
    return (path[:length] for length in range(len(path) + 1))


def _only_certain(findings: list[Finding], obj: object, kind: Kind) -> list[Finding]:
    """Warnings instead of denials, and nothing about an interface, network or value that a `${PARAMETER}` completes."""
    items = {_evaluated_item(finding.path, kind) for finding in findings}
    open_ = {item for item in items if _has_parameter(look_up(obj, item))}
    return softened(finding for finding in findings if _evaluated_item(finding.path, kind) not in open_)


def _evaluated_item(path: Path, kind: Kind) -> Path:
    """The path of the interface or network that a finding is inside of, else the path itself."""
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
