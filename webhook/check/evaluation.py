"""One file checked: documents in, occurrences out. Runs in any process; everything it takes and gives can be sent between them."""

import fnmatch
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from webhook.admission.objects import CHECKED_KINDS
from webhook.check.defects import defect
from webhook.check.embedded import VM_IN
from webhook.check.parts import parts_of
from webhook.errors import UnreadableError, UnrenderedTemplateError, reason_of
from webhook.kube.fieldpath import Path, look_up, render_by_name, text_at
from webhook.loading.objects import objects_in
from webhook.loading.sources import KUSTOMIZE, STDIN, Source
from webhook.manifests.charts import chart_of
from webhook.manifests.documents import SkippedDocument, read_documents
from webhook.manifests.model import Document, Place
from webhook.manifests.yaml import parse
from webhook.plugins.registry import Registry
from webhook.report.findings import Counts, ObjectRef, Occurrence
from webhook.rules.base import Finding
from webhook.rules.plan import Plan

_NEEDLE = b"irt"
"""What is checked has a group `kubevirt.io`, or a kind or field with `VirtualMachine` or `KubeVirt`: this is in all of them."""

_KIND_NAMES = "|".join(sorted(name for _, name in {*CHECKED_KINDS, *VM_IN}))
_CHECKED_KIND = re.compile(rf"""kind["']?\s{{0,9}}:\s{{0,9}}["']?(?:{_KIND_NAMES})(?:List)?\b""".encode())
"""What a document looks like that may hold an object to check, although it cannot be parsed."""
_TEMPLATED_KIND = re.compile(rb"kind:[ ]{1,9}[\"']?\{\{")


class EvaluatedFile(msgspec.Struct):
    """What came out of some files, added up; the counts are those of `report.findings.Counts`.

    Attributes:
        unreadable: Documents that cannot be read, and may hold an object that is checked; what was piped in is meant to be checked.
        irrelevant: Documents that cannot be read, and hold none.
        unrendered: Documents that may hold an object that is checked, and are no YAML because they are templates; not those of Helm charts.
        templates: How many documents are Helm templates of an object that is checked, by the directory of the chart.
        registries: How many objects were checked, by the key of the registry.
    """

    occurrences: list[Occurrence] = msgspec.field(default_factory=list)
    unreadable: list[UnreadableError] = msgspec.field(default_factory=list)
    irrelevant: list[UnreadableError] = msgspec.field(default_factory=list)
    unrendered: list[UnreadableError] = msgspec.field(default_factory=list)
    templates: Counter[str] = msgspec.field(default_factory=Counter)
    registries: Counter[str] = msgspec.field(default_factory=Counter)
    files: int = 0
    documents: int = 0
    checked: int = 0
    passed_over: int = 0
    excluded: int = 0

    def add(self, other: "EvaluatedFile") -> None:
        """Take another's results in, after one's own."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def counts(self, *, baselined: int) -> Counts:
        """What is told about how much was looked at."""
        return Counts(self.files, self.documents, self.checked, self.passed_over, self.excluded, baselined)


def key_of(registry: Registry) -> str:
    """What a registry is counted by: its source, and the version that the user may have given for it."""
    return f"{registry.source} at {registry.version}"


class Evaluator(msgspec.Struct, frozen=True):
    """What checking a file needs besides the file.

    Attributes:
        plan: For each file that `plans` does not have.
        exclude_namespaces: Globs.
        plans: Another plan, by the name of the source.
        changed: The names of sources that are changed before a cluster gets them, so that nothing in them is certain.
    """

    plan: Plan
    exclude_namespaces: tuple[str, ...]
    plans: Mapping[str, Plan] = {}
    changed: frozenset[str] = frozenset()

    def evaluate_files(self, sources: Sequence[Source], tell: Callable[[int], None] = lambda _documents: None) -> EvaluatedFile:
        """All files, in order; after each document `tell` is called with how many of them were read."""
        evaluated = EvaluatedFile()
        for source in sources:
            self._evaluate_file(source, evaluated, tell)
        return evaluated

    def _evaluate_file(self, source: Source, evaluated: EvaluatedFile, tell: Callable[[int], None]) -> None:
        """Every document of one file; what cannot be read is told, and the rest is checked all the same."""
        evaluated.files += 1
        plan = self.plans.get(source.name, self.plan)
        before = evaluated.checked
        try:
            with source.open() as stream:
                for document in read_documents(stream, source.name, needle=_NEEDLE):
                    self._evaluate_part(document, plan, evaluated)
                    tell(evaluated.documents)
        except OSError as error:
            evaluated.unreadable.append(UnreadableError(reason_of(error), file=source.name))
        evaluated.registries[key_of(plan.registry)] += evaluated.checked - before

    def _evaluate_part(self, part: Document | SkippedDocument | UnreadableError, plan: Plan, evaluated: EvaluatedFile) -> None:
        if isinstance(part, UnreadableError):
            evaluated.unreadable.append(part)
        elif isinstance(part, SkippedDocument):
            evaluated.documents += part.count
            evaluated.passed_over += part.count
        else:
            try:
                self._evaluate_document(part, plan, evaluated)
            except Exception as error:  # noqa: BLE001 - a defect of a reader is told with the file, and the others are checked
                evaluated.unreadable.append(defect(error, "the document", part.file, part.line))

    def _evaluate_document(self, document: Document, plan: Plan, evaluated: EvaluatedFile) -> None:
        evaluated.documents += 1
        if not (b"kubevirt.io" in document.text or b"irtualMachine" in document.text or b"kind: KubeVirt" in document.text):
            evaluated.passed_over += 1
            return
        if b"{{" in document.text and (chart := chart_of(document.file)) is not None:
            evaluated.templates[chart] += bool(_CHECKED_KIND.search(document.text) or _TEMPLATED_KIND.search(document.text))
            evaluated.passed_over += 1
            return
        try:
            value = parse(document)
        except UnreadableError as error:
            unreadable = _unreadable_list(error, document, evaluated)
            unreadable.append(error)
            evaluated.passed_over += unreadable is not evaluated.unreadable
            return
        found: list[Found] = []
        for obj, path in objects_in(value):
            parts = list(parts_of(obj, as_written=document.file not in self.changed))
            evaluated.passed_over += not parts
            for part in parts:
                if is_excluded(part.obj, self.exclude_namespaces):
                    evaluated.excluded += 1
                    continue
                try:
                    findings = part.evaluate(plan)
                except Exception as error:  # noqa: BLE001 - a defect of one rule hides neither itself nor what else is found
                    evaluated.unreadable.append(defect(error, str(ref_of(part.obj)), document.file, document.line))
                    continue
                evaluated.checked += 1
                if findings:
                    ref = ref_of(part.obj) if text_at(part.obj, "metadata", "name") else ref_of(obj)
                    found += found_in(part.obj, findings, path + part.path, ref)
        evaluated.occurrences += located(document, found)


def _unreadable_list(error: UnreadableError, document: Document, evaluated: EvaluatedFile) -> list[UnreadableError]:
    """Where a document that cannot be read is listed; what was piped in is always meant to be checked."""
    if not document.file.startswith((STDIN, KUSTOMIZE)):
        if not _CHECKED_KIND.search(document.text):
            return evaluated.irrelevant
        if isinstance(error, UnrenderedTemplateError):
            return evaluated.unrendered
    return evaluated.unreadable


def is_excluded(obj: object, patterns: Sequence[str]) -> bool:
    """Whether the object is in one of the namespaces that are left out."""
    if not patterns:
        return False
    namespace = look_up(obj, ("metadata", "namespace"))
    return isinstance(namespace, str) and any(fnmatch.fnmatchcase(namespace, pattern) for pattern in patterns)


class Found(NamedTuple):
    """A finding of an object, with its path from the root of the document.

    Attributes:
        ref: The object.
        finding: What is wrong.
        field_by_name: Its field inside the object, without list indices.
    """

    ref: ObjectRef
    finding: Finding
    field_by_name: str


def found_in(obj: object, findings: Iterable[Finding], path: Path, ref: ObjectRef) -> list[Found]:
    """The findings of an object that stands at `path` of its document, and is called `ref`."""
    return [
        Found(ref, msgspec.structs.replace(finding, path=path + finding.path), render_by_name(obj, finding.path)) for finding in findings
    ]


def located(document: Document, found: Sequence[Found]) -> list[Occurrence]:
    """The findings with the places of their values in the document, in the order of lines."""
    if not found:
        return []
    from webhook.manifests.locations import locate  # noqa: PLC0415 - brings PyYAML along, which runs without findings do not need

    places = locate(document, {each.finding.path for each in found})
    occurrences = [_occurrence(document.file, places[each.finding.path], each) for each in found]
    return sorted(occurrences, key=lambda occurrence: (occurrence.line, occurrence.column))


def _occurrence(file: str, place: Place, found: Found) -> Occurrence:
    return Occurrence(
        file=file,
        line=place.line,
        column=place.column,
        length=place.length,
        source_line=place.source_line,
        object=found.ref,
        finding=found.finding,
        field_by_name=found.field_by_name,
        cut=place.cut,
    )


def ref_of(obj: object) -> ObjectRef:
    """The object as a person would name it."""
    name = text_at(obj, "metadata", "name")
    if not name:
        prefix = text_at(obj, "metadata", "generateName")
        name = f"{prefix}*" if prefix else ""
    return ObjectRef(text_at(obj, "kind"), text_at(obj, "metadata", "namespace"), name)
