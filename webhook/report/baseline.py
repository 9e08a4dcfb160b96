"""Reads and writes baselines: known findings that `check` does not report until they are fixed."""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from webhook.errors import UnreadableError
from webhook.kube.text import quoted
from webhook.report.findings import Occurrence
from webhook.report.fingerprint import fingerprint, repository_path
from webhook.report.json_text import json_text

_VERSION = 2
_OF_MESSAGES = 1
"""An earlier version. Its entries have message and list indices and cannot be compared."""
_REWRITE = "write it anew with --write-baseline"


class Entry(msgspec.Struct, frozen=True):
    """The findings with one fingerprint. Only fingerprint and count matter; the rest is for readers.

    Attributes:
        rule: Name of the rule.
        file: The file as in version control.
        object: The object, as text.
        field: The field path without list indices, as text.
        count: How many such findings are left out, at least 1.
    """

    rule: str
    file: str
    object: str
    field: str
    count: Annotated[int, msgspec.Meta(ge=1)]


@dataclasses.dataclass(frozen=True, slots=True)
class BaselineSplit:
    """The findings of a run that are not in the baseline.

    Attributes:
        new: Findings that it does not have, in the order given.
        baselined: How many were left out.
        stale: Entries with the count of findings that no longer occur.
    """

    new: Sequence[Occurrence]
    baselined: int
    stale: Sequence[Entry]


@dataclasses.dataclass(frozen=True, slots=True)
class Baseline:
    """Known findings by fingerprint."""

    entries: Mapping[str, Entry]

    def split(self, occurrences: Sequence[Occurrence]) -> BaselineSplit:
        """Remove as many findings of a fingerprint as its entry counts, the first ones."""
        left = Counter({key: entry.count for key, entry in self.entries.items()})
        new = [occurrence for occurrence in occurrences if not _take(left, fingerprint(occurrence))]
        stale = [msgspec.structs.replace(entry, count=left[key]) for key, entry in self.entries.items() if left[key]]
        return BaselineSplit(new=new, baselined=len(occurrences) - len(new), stale=stale)


def _take(left: Counter[str], key: str) -> bool:
    if not left[key]:
        return False
    left[key] -= 1
    return True


def write_baseline(occurrences: Sequence[Occurrence]) -> str:
    """A baseline of all these findings as JSON, sorted by file, rule, object and field: equal findings give equal text."""
    keyed = [(fingerprint(occurrence), occurrence) for occurrence in occurrences]
    counts = Counter(key for key, _ in keyed)
    entries = {key: _entry(occurrence, counts[key]) for key, occurrence in keyed}
    in_order = sorted(entries.items(), key=lambda item: (item[1].file, item[1].rule, item[1].object, item[1].field, item[0]))
    return json_text({"version": _VERSION, "findings": {key: msgspec.structs.asdict(entry) for key, entry in in_order}})


def _entry(occurrence: Occurrence, count: int) -> Entry:
    finding = occurrence.finding
    file = repository_path(occurrence.file)
    return Entry(rule=finding.rule, file=file, object=str(occurrence.object), field=occurrence.field_by_name, count=count)


def read_baseline(text: str, file: str) -> Baseline:
    """The baseline that `text` holds; `file` names it in errors.

    Raises:
        UnreadableError: It is no JSON, of another shape or of another version.
    """
    raw = _parse(text, file)
    if not isinstance(raw, dict) or "version" not in raw:
        raise UnreadableError(f'this is no baseline: an object with "version" and "findings" is expected; {_REWRITE}', file=file, line=1)
    version, findings = raw["version"], raw.get("findings")
    if type(version) is not int or version != _VERSION:
        raise UnreadableError(f"{_other_version(version)}; {_REWRITE}", file=file, line=_line_of(text, "version"))
    if not isinstance(findings, dict):
        raise UnreadableError(f'"findings" must be an object; {_REWRITE}', file=file, line=_line_of(text, "findings"))
    return Baseline({key: _read_entry(key, entry, text, file) for key, entry in findings.items()})


def _other_version(version: object) -> str:
    if type(version) is int and version == _OF_MESSAGES:
        return "baseline version 1 is of an earlier Bindguard, which told findings apart by message and list index"
    return f"baseline version {quoted(json.dumps(version))} is not known, {_VERSION} is"


def _parse(text: str, file: str) -> object:
    try:
        parsed: object = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise UnreadableError(f"no valid JSON: {error.msg}; {_REWRITE}", file=file, line=error.lineno, column=error.colno) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or brackets nested as deep
        raise UnreadableError(f"this is no baseline: numbers too long or nested too deep; {_REWRITE}", file=file, line=1) from error
    return parsed


def _read_entry(key: str, raw: object, text: str, file: str) -> Entry:
    try:
        return msgspec.convert(raw, Entry)
    except msgspec.ValidationError as error:
        message = f"entry {quoted(key)}: {error}; {_REWRITE}"
        raise UnreadableError(message, file=file, line=_line_of(text, key)) from error


def _line_of(text: str, key: str) -> int | None:
    """The line of the first use of the key, if it has no escapes."""
    position = text.find(json.dumps(key))
    return text.count("\n", 0, position) + 1 if position >= 0 else None
