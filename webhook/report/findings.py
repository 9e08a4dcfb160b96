"""The report of a run of `check`, which all output formats render."""

from collections.abc import Sequence

import msgspec

from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE, UnreadableError
from webhook.rules.base import Action, Finding


class ObjectRef(msgspec.Struct, frozen=True):
    """The object of a finding.

    Attributes:
        kind: Kubernetes kind, `VirtualMachine`.
        namespace: Empty when the manifest names none.
        name: `metadata.name`, else `metadata.generateName` followed by `*`, else empty.
    """

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        name = self.name or "(unnamed)"
        return f"{self.kind} {self.namespace}/{name}" if self.namespace else f"{self.kind} {name}"


class Occurrence(msgspec.Struct, frozen=True):
    """A finding at its place in a file.

    Attributes:
        file: The file as the user named it; `<stdin>` for standard input.
        line: 1-based.
        column: 1-based, in characters.
        length: Characters to underline, at least 1.
        source_line: The offending line without its line end, or a part of it.
        object: The object it is about.
        finding: What is wrong.
        field_by_name: The finding's field inside the object, without list indices (`kube.fieldpath.render_by_name`).
        cut: Characters of the line before `source_line`.
    """

    file: str
    line: int
    column: int
    length: int
    source_line: str
    object: ObjectRef
    finding: Finding
    field_by_name: str
    cut: int = 0


class Counts(msgspec.Struct, frozen=True):
    """Numbers of what was checked.

    Attributes:
        files: Files read.
        documents: YAML or JSON documents in them; comments alone are no document.
        checked: Objects checked, items of Lists counted one by one.
        passed_over: Documents and List items of kinds that hold nothing to check.
        excluded: Objects left out by the configuration (namespace exclusions).
        baselined: Findings left out because the baseline has them.
    """

    files: int = 0
    documents: int = 0
    checked: int = 0
    passed_over: int = 0
    excluded: int = 0
    baselined: int = 0


class Gap(msgspec.Struct, frozen=True):
    """What a run did not check, although all files were readable. Such a run is not a clean one.

    Attributes:
        what: What was not checked, and why, in a few words.
        remedy: What to do.
        fails: Whether the run was asked to fail then.
    """

    what: str
    remedy: str
    fails: bool = False

    def __str__(self) -> str:
        return f"incomplete: {self.what}; {self.remedy}"


class Report(msgspec.Struct, frozen=True):
    """The results of a run.

    Attributes:
        occurrences: In the order of files, lines and rules.
        unreadable: Input that could not be checked, each with its place.
        notes: Things a reader must know to trust the result: rules skipped, version assumed, baseline entries that no longer occur.
        counts: How much was looked at.
        registry: Where the registry was read from.
        version: The KubeVirt version that objects are checked against, or `unknown, checked as the newest`.
        gaps: What was not checked for want of a registry or of objects.
    """

    occurrences: Sequence[Occurrence]
    unreadable: Sequence[UnreadableError]
    notes: Sequence[str]
    counts: Counts
    registry: str
    version: str
    gaps: Sequence[Gap] = ()

    @property
    def failing_gaps(self) -> Sequence[Gap]:
        """The gaps that fail the run."""
        return [gap for gap in self.gaps if gap.fails]

    def count(self, severity: Action) -> int:
        """How many findings have this severity."""
        return sum(occurrence.finding.severity is severity for occurrence in self.occurrences)

    def exit_code(self, *, fail_on: Action) -> int:
        """0: no findings at or above `fail_on` (`DENY` or `WARN`). 1: findings. 3: unreadable input or a failing gap; it wins over 1."""
        if self.unreadable or self.failing_gaps:
            return EXIT_UNREADABLE
        failing = self.count(Action.DENY) + (self.count(Action.WARN) if fail_on is Action.WARN else 0)
        return EXIT_FINDINGS if failing else EXIT_CLEAN


class RuleInfo(msgspec.Struct, frozen=True):
    """The description of a rule in a report.

    Attributes:
        name: Name of the rule.
        summary: The mistake in one sentence: the first line of the rule's docstring.
        help: The whole docstring.
        action: What is done unless the configuration says otherwise.
    """

    name: str
    summary: str
    help: str
    action: Action


class ReportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the formats.

    Attributes:
        colour: Whether colours and links are wanted, as a terminal shows them (text).
        fail_on: The lowest severity that fails the run (junit).
        rules: The rules that ran, for formats that describe them (sarif).
    """

    colour: bool = False
    fail_on: Action = Action.DENY
    rules: Sequence[RuleInfo] = ()
