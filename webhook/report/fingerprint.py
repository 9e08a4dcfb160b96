"""Fingerprints of findings, to compare runs. They do not contain the line, which changes when text above it changes."""

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from webhook.report.findings import Occurrence

_DIGITS = 32


def fingerprint(occurrence: Occurrence) -> str:
    """Rule, file, object and field as 32 hexadecimal digits; `./vm.yaml` and `vm.yaml` are one file.

    It does not depend on message and list indices, which change when a plugin is registered or an interface is inserted. So several
    findings can have the same fingerprint, and comparisons count them.
    """
    return digest(repository_path(occurrence.file), *_identity(occurrence))


def numbered_fingerprints(occurrences: Sequence[Occurrence], *, with_file: bool = True) -> Iterator[str]:
    """A unique fingerprint for each finding of a file. Without the file it stays the same when the file moves."""
    keys = [fingerprint(occurrence) for occurrence in occurrences]
    for occurrence, key, number in zip(occurrences, keys, ordinals(keys), strict=True):
        yield numbered(key if with_file else digest(*_identity(occurrence)), number)


def numbered(key: str, number: int) -> str:
    """The key for its first use, and another one for each repetition."""
    return key if number == 1 else digest(key, str(number))


def digest(*parts: str) -> str:
    """The parts as 32 hexadecimal digits. The digest depends on the boundaries of the parts."""
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()[:_DIGITS]


def repository_path(file: str) -> str:
    """The path of the file as in version control: without `./` and `..`."""
    return posixpath.normpath(file)


def ordinals(keys: Iterable[str]) -> Iterator[int]:
    """For each key the number of its uses so far: 1 for the first."""
    seen: Counter[str] = Counter()
    for key in keys:
        seen[key] += 1
        yield seen[key]


def _identity(occurrence: Occurrence) -> tuple[str, str, str]:
    return occurrence.finding.rule, str(occurrence.object), occurrence.field_by_name
