"""Check the objects of a cluster, page by page, and report each finding once: at the owner, not again at what the owner created.

In reports, the file of an object is `cluster:NAMESPACE/KIND/NAME`, and its lines are those that `kubectl get -o yaml` prints.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import yaml

from webhook.admission.evaluation import evaluate_object
from webhook.check.defects import defect
from webhook.check.evaluation import FilesResult, found_in, is_excluded, located, ref_of
from webhook.errors import UnreadableError
from webhook.kube.fieldpath import Path, look_up
from webhook.kube.shape import UNDECODABLE
from webhook.manifests.model import Document, DocumentFormat
from webhook.plugins.sources import binding_path, is_hyperconverged, is_kubevirt
from webhook.report.findings import ObjectRef
from webhook.rules.base import Finding
from webhook.rules.plan import Plan
from webhook.vmi.kinds import kind_of

_HCO = "HyperConverged"
_Violation = tuple[str, Path, str]


class FoundAtOwners:
    """The violations found so far. Owners must be checked before the objects that they own."""

    def __init__(self) -> None:
        self._found: dict[str, frozenset[_Violation]] = {}

    def new_in(self, obj: object, findings: Sequence[Finding]) -> list[Finding]:
        """The findings about an object that its owner does not have."""
        if not findings:
            return []
        start = _start(obj)
        violations = [_violation(finding, start) for finding in findings]
        at_owners = frozenset[_Violation]().union(*(self._found.get(owner, ()) for owner in _owners(obj)))
        for name in _names(obj):
            self._found[name] = self._found.get(name, frozenset()).union(violations)
        return [finding for finding, violation in zip(findings, violations, strict=True) if violation not in at_owners]


def _violation(finding: Finding, start: Path) -> _Violation:
    """Rule, path and message. The path begins at the VMI spec or the bindings, where an owner and its objects agree."""
    inside = finding.path[: len(start)] == start
    return finding.rule, finding.path[len(start) :] if inside else ("", *finding.path), finding.message


def _start(obj: object) -> Path:
    kind = kind_of(obj)
    return kind.spec if kind is not None else binding_path(obj) or ()


def _names(obj: object) -> Iterable[str]:
    """The keys of an object as an owner: its uid, and the kind for a HyperConverged CR, which owner references may omit."""
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


_ONE_LINE = 2**31 - 1
_QUOTED = re.compile(r"[yYnN~]|[-+.]?[0-9][0-9a-fA-FxXoO_.:+-]*")
"""Text that kubectl would read as a boolean or a number without quotes; PyYAML quotes fewer of them."""


class _Dumper(yaml.CSafeDumper):
    """Writes YAML like kubectl: sorted keys, lists not indented, several lines as a block."""

    def ignore_aliases(self, _data: object) -> bool:
        """Write equal values in full, without anchors and aliases."""
        return True


def _string(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else '"' if _QUOTED.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _string)


def as_kubectl_prints(obj: Mapping[str, object], file: str) -> Document:
    """The object as one YAML document named `file`. Like kubectl, it leaves managedFields out."""
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        obj = {**obj, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}
    text = yaml.dump(dict(obj), Dumper=_Dumper, allow_unicode=True, width=_ONE_LINE)
    return Document(file, 1, text.encode(), DocumentFormat.YAML)


SCHEME = "cluster:"


class ClusterEvaluator:
    """Checks objects; owners must come before the objects that they own.

    Attributes:
        result: The results so far.
        reported_at_owner: The number of findings left out because the owner has the same.
    """

    def __init__(self, plan: Plan, exclude_namespaces: tuple[str, ...]) -> None:
        self._plan = plan
        self._exclude_namespaces = exclude_namespaces
        self._at_owners = FoundAtOwners()
        self.result = FilesResult()
        self.reported_at_owner = 0

    def evaluate_items(self, items: Iterable[msgspec.Raw], api_version: str, kind: str) -> None:
        """Check all objects of a page. Items without `apiVersion` and `kind` have those of the list."""
        for item in items:
            self.result.documents += 1
            try:
                obj = msgspec.json.decode(item)
            except UNDECODABLE as error:
                self.result.unreadable.append(UnreadableError(f"an object cannot be read: {error}", file=f"{SCHEME}{kind}"))
                continue
            self._evaluate_object({"apiVersion": api_version, "kind": kind, **obj})

    def _evaluate_object(self, obj: dict[str, object]) -> None:
        try:
            findings = evaluate_object(obj, self._plan)
        except Exception as error:  # noqa: BLE001 - a defect of one rule is reported, and the other objects are checked
            ref = ref_of(obj)
            self.result.unreadable.append(defect(error, str(ref), file_of(ref)))
            return
        if findings is None or look_up(obj, ("metadata", "deletionTimestamp")) is not None:
            self.result.skipped += 1
        elif is_excluded(obj, self._exclude_namespaces):
            self.result.excluded += 1
        else:
            self.result.checked += 1
            new = self._at_owners.new_in(obj, findings)
            self.reported_at_owner += len(findings) - len(new)
            self._report(obj, new)

    def _report(self, obj: dict[str, object], findings: list[Finding]) -> None:
        if not findings:
            return
        document = as_kubectl_prints(obj, file_of(ref_of(obj)))
        self.result.occurrences += located(document, found_in(obj, findings, (), ref_of(obj)))


def file_of(ref: ObjectRef) -> str:
    """The name of the object in place of a file name."""
    return f"{SCHEME}{ref.namespace}/{ref.kind}/{ref.name}" if ref.namespace else f"{SCHEME}{ref.kind}/{ref.name}"
