"""The same mistake told once: at the owner that an object was made from, a pool or a VM, where it is mended.

What was found at an owner is remembered by uid; objects without findings cost nothing.
"""

from collections.abc import Iterable, Sequence

from webhook.kube.fieldpath import Path, look_up
from webhook.plugins.sources import binding_path, is_hyperconverged, is_kubevirt
from webhook.rules.base import Finding
from webhook.vmi.kinds import kind_of

_HCO = "HyperConverged"
_Mistake = tuple[str, Path, str]


class FoundAtOwners:
    """What was found so far, for objects that come after their owners."""

    def __init__(self) -> None:
        self._found: dict[str, frozenset[_Mistake]] = {}

    def new_in(self, obj: object, findings: Sequence[Finding]) -> list[Finding]:
        """The findings about an object that were not told at its owner already."""
        if not findings:
            return []
        start = _start(obj)
        violations = [_violation(finding, start) for finding in findings]
        told = frozenset[_Mistake]().union(*(self._found.get(owner, ()) for owner in _owners(obj)))
        for name in _names(obj):
            self._found[name] = self._found.get(name, frozenset()).union(violations)
        return [finding for finding, violation in zip(findings, violations, strict=True) if violation not in told]


def _violation(finding: Finding, start: Path) -> _Mistake:
    """Rule, path from the VMI spec or the bindings on, and message; another path belongs to this object alone."""
    inside = finding.path[: len(start)] == start
    return finding.rule, finding.path[len(start) :] if inside else ("", *finding.path), finding.message


def _start(obj: object) -> Path:
    kind = kind_of(obj)
    return kind.spec if kind is not None else binding_path(obj) or ()


def _names(obj: object) -> Iterable[str]:
    """What an object is found by: its uid; there is one HyperConverged CR in a cluster, and it does not always own what it writes."""
    uid = look_up(obj, ("metadata", "uid"))
    return (*([uid] if isinstance(uid, str) else ()), *([_HCO] if is_hyperconverged(obj) else ()))


def _owners(obj: object) -> list[str]:
    references = look_up(obj, ("metadata", "ownerReferences"))
    uids = (
        [look_up(each, ("uid",)) for each in references if look_up(each, ("controller",)) is True] if isinstance(references, list) else []
    )
    owners = [uid for uid in uids if isinstance(uid, str) and uid]
    managed = look_up(obj, ("metadata", "labels"))
    if is_kubevirt(obj) and isinstance(managed, dict) and managed.get("app.kubernetes.io/managed-by") == "hco-operator":
        owners.append(_HCO)
    return owners
