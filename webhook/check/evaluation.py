"""Check the documents of files. Arguments and results can be pickled, so that worker processes can do it."""

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
"""Every object to check contains one of `kubevirt.io`, `VirtualMachine` and `KubeVirt`, and each of them contains this."""

_KIND_NAMES = "|".join(sorted(name for _, name in {*CHECKED_KINDS, *VM_IN}))
_CHECKED_KIND = re.compile(rf"""kind["']?\s{{0,9}}:\s{{0,9}}["']?(?:{_KIND_NAMES})(?:List)?\b""".encode())
"""Found in documents that may hold an object to check, even if they cannot be parsed."""
_TEMPLATED_KIND = re.compile(rb"kind:[ ]{1,9}[\"']?\{\{")


class FilesResult(msgspec.Struct):
    """The results of checking some files. The numbers are those of `report.findings.Counts`.

    Attributes:
        unreadable: Documents that cannot be read and may hold an object to check, and all unreadable documents of standard input.
        irrelevant: Documents that cannot be read and hold no object to check.
        unrendered: Templates that may hold an object to check and are not valid YAML; without those of Helm charts.
        templates: The number of Helm templates that may hold an object to check, by directory of the chart.
        registries: The number of checked objects, by `key_of` their registry.
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
    skipped: int = 0
    excluded: int = 0

    def add(self, other: "FilesResult") -> None:
        """Append the results of other files."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def counts(self, *, baselined: int) -> Counts:
        """The numbers for the report; `baselined` is the number of findings that the baseline has."""
        return Counts(self.files, self.documents, self.checked, self.skipped, self.excluded, baselined)


def key_of(registry: Registry) -> str:
    """Identifies a registry in a run: its source and version; the user may have set the version."""
    return f"{registry.source} at {registry.version}"


class Evaluator(msgspec.Struct, frozen=True):
    """Checks files.

    Attributes:
        plan: The rules for every file that is not in `plans`.
        exclude_namespaces: Globs of namespaces whose objects are not checked.
        plans: The rules for single files, by name of the source.
        changed: Names of sources that a kustomization patches. Findings in them are warnings, as the patched object may be right.
    """

    plan: Plan
    exclude_namespaces: tuple[str, ...]
    plans: Mapping[str, Plan] = {}
    changed: frozenset[str] = frozenset()

    def evaluate_files(self, sources: Sequence[Source], progress: Callable[[int], None] = lambda _documents: None) -> FilesResult:
        """Check the files in order; `progress` is called after each document with the number of documents read so far."""
        result = FilesResult()
        for source in sources:
            self._evaluate_file(source, result, progress)
        return result

    def _evaluate_file(self, source: Source, result: FilesResult, progress: Callable[[int], None]) -> None:
        """Check every document of one file; a document that cannot be read does not stop the others."""
        result.files += 1
        plan = self.plans.get(source.name, self.plan)
        before = result.checked
        try:
            with source.open() as stream:
                for document in read_documents(stream, source.name, needle=_NEEDLE):
                    self._evaluate_part(document, plan, result)
                    progress(result.documents)
        except OSError as error:
            result.unreadable.append(UnreadableError(reason_of(error), file=source.name))
        result.registries[key_of(plan.registry)] += result.checked - before

    def _evaluate_part(self, part: Document | SkippedDocument | UnreadableError, plan: Plan, result: FilesResult) -> None:
        if isinstance(part, UnreadableError):
            result.unreadable.append(part)
        elif isinstance(part, SkippedDocument):
            result.documents += part.count
            result.skipped += part.count
        else:
            try:
                self._evaluate_document(part, plan, result)
            except Exception as error:  # noqa: BLE001 - a defect of a reader is reported with the file, and the others are checked
                result.unreadable.append(defect(error, "the document", part.file, part.line))

    def _evaluate_document(self, document: Document, plan: Plan, result: FilesResult) -> None:
        result.documents += 1
        if not (b"kubevirt.io" in document.text or b"irtualMachine" in document.text or b"kind: KubeVirt" in document.text):
            result.skipped += 1
            return
        if b"{{" in document.text and (chart := chart_of(document.file)) is not None:
            result.templates[chart] += bool(_CHECKED_KIND.search(document.text) or _TEMPLATED_KIND.search(document.text))
            result.skipped += 1
            return
        try:
            value = parse(document)
        except UnreadableError as error:
            unreadable = _unreadable_list(error, document, result)
            unreadable.append(error)
            result.skipped += unreadable is not result.unreadable
            return
        found: list[Found] = []
        for obj, path in objects_in(value):
            parts = list(parts_of(obj, as_written=document.file not in self.changed))
            result.skipped += not parts
            for part in parts:
                if is_excluded(part.obj, self.exclude_namespaces):
                    result.excluded += 1
                    continue
                try:
                    findings = part.evaluate(plan)
                except Exception as error:  # noqa: BLE001 - a defect of one rule is reported, and the other objects are checked
                    result.unreadable.append(defect(error, str(ref_of(part.obj)), document.file, document.line))
                    continue
                result.checked += 1
                if findings:
                    ref = ref_of(part.obj) if text_at(part.obj, "metadata", "name") else ref_of(obj)
                    found += found_in(part.obj, findings, path + part.path, ref)
        result.occurrences += located(document, found)


def _unreadable_list(error: UnreadableError, document: Document, result: FilesResult) -> list[UnreadableError]:
    """The list for a document that cannot be read. Standard input and rendered kustomizations are always `unreadable`."""
    if not document.file.startswith((STDIN, KUSTOMIZE)):
        if not _CHECKED_KIND.search(document.text):
            return result.irrelevant
        if isinstance(error, UnrenderedTemplateError):
            return result.unrendered
    return result.unreadable


def is_excluded(obj: object, patterns: Sequence[str]) -> bool:
    """Whether the object's namespace matches one of the patterns."""
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
    """The findings of an object with their paths from the root of the document; `path` is where the object is in it."""
    return [
        Found(ref, msgspec.structs.replace(finding, path=path + finding.path), render_by_name(obj, finding.path)) for finding in findings
    ]


def located(document: Document, found: Sequence[Found]) -> list[Occurrence]:
    """The findings with line and column in the document, sorted by line."""
    if not found:
        return []
    from webhook.manifests.locations import locate  # noqa: PLC0415 - only findings need line numbers

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
    """Kind, namespace and name of an object; `PREFIX*` for one with generateName."""
    name = text_at(obj, "metadata", "name")
    if not name:
        prefix = text_at(obj, "metadata", "generateName")
        name = f"{prefix}*" if prefix else ""
    return ObjectRef(text_at(obj, "kind"), text_at(obj, "metadata", "namespace"), name)
