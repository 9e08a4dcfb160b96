"""Objects of a cluster checked page by page: JSON in, occurrences out, each at the owner that an object was made from.

An object's file is called `cluster:NAMESPACE/KIND/NAME`, and its lines are those that `kubectl get -o yaml` prints.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import yaml

from webhook.admission.evaluation import evaluate_object
from webhook.check.defects import defect
from webhook.check.evaluation import EvaluatedFile, found_in, is_excluded, located, ref_of
from webhook.errors import UnreadableError
from webhook.kube.fieldpath import Path, look_up
from webhook.kube.shape import UNDECODABLE
from webhook.manifests.model import Document, Format
from webhook.plugins.sources import binding_path, is_hyperconverged, is_kubevirt
from webhook.report.findings import ObjectRef
from webhook.rules.base import Finding
from webhook.rules.plan import Plan
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


_ONE_LINE = 2**31 - 1
_QUOTED = re.compile(r"[yYnN~]|[-+.]?[0-9][0-9a-fA-FxXoO_.:+-]*")
"""What kubectl reads otherwise when it is bare, as a boolean or a number; PyYAML quotes less."""


class _Dumper(yaml.CSafeDumper):
    """Sorted keys, lists not indented, several lines as a block: as kubectl does."""

    def ignore_aliases(self, _data: object) -> bool:
        """Write equal values out, each in its place."""
        return True


def _string(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else '"' if _QUOTED.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _string)


def as_kubectl_prints(obj: Mapping[str, object], file: str) -> Document:
    """The object as one YAML document that is called `file`, without managedFields, which kubectl does not show either."""
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        obj = {**obj, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}
    text = yaml.dump(dict(obj), Dumper=_Dumper, allow_unicode=True, width=_ONE_LINE)
    return Document(file, 1, text.encode(), Format.YAML)


SCHEME = "cluster:"


class ClusterEvaluator:
    """Checks objects, owners before what was made from them.

    Attributes:
        evaluated: What came out so far.
        told_at_owner: Findings that were left out, as they were told at the object's owner.
    """

    def __init__(self, plan: Plan, exclude_namespaces: tuple[str, ...]) -> None:
        self._plan = plan
        self._exclude_namespaces = exclude_namespaces
        self._at_owners = FoundAtOwners()
        self.evaluated = EvaluatedFile()
        self.told_at_owner = 0

    def evaluate_items(self, items: Iterable[msgspec.Raw], api_version: str, kind: str) -> None:
        """All objects of a page; items may leave `apiVersion` and `kind` to their list."""
        for item in items:
            self.evaluated.documents += 1
            try:
                obj = msgspec.json.decode(item)
            except UNDECODABLE as error:
                self.evaluated.unreadable.append(UnreadableError(f"an object cannot be read: {error}", file=f"{SCHEME}{kind}"))
                continue
            self._evaluate_object({"apiVersion": api_version, "kind": kind, **obj})

    def _evaluate_object(self, obj: dict[str, object]) -> None:
        try:
            findings = evaluate_object(obj, self._plan)
        except Exception as error:  # noqa: BLE001 - a defect of one rule hides neither itself nor what else is found
            ref = ref_of(obj)
            self.evaluated.unreadable.append(defect(error, str(ref), file_of(ref)))
            return
        if findings is None or look_up(obj, ("metadata", "deletionTimestamp")) is not None:
            self.evaluated.passed_over += 1
        elif is_excluded(obj, self._exclude_namespaces):
            self.evaluated.excluded += 1
        else:
            self.evaluated.checked += 1
            new = self._at_owners.new_in(obj, findings)
            self.told_at_owner += len(findings) - len(new)
            self._tell(obj, new)

    def _tell(self, obj: dict[str, object], findings: list[Finding]) -> None:
        if not findings:
            return
        from webhook.check.cluster_evaluation import as_kubectl_prints  # noqa: PLC0415 - brings PyYAML along, which clean clusters do not need

        document = as_kubectl_prints(obj, file_of(ref_of(obj)))
        self.evaluated.occurrences += located(document, found_in(obj, findings, (), ref_of(obj)))


def file_of(ref: ObjectRef) -> str:
    """What the object is called where a report wants a file."""
    return f"{SCHEME}{ref.namespace}/{ref.kind}/{ref.name}" if ref.namespace else f"{SCHEME}{ref.kind}/{ref.name}"
