"""What makes two findings of different runs the same one. Never a line: lines move when something above them is edited."""

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from webhook.report.findings import Occurrence

_DIGITS = 32


def fingerprint(occurrence: Occurrence) -> str:
    """Rule, file, object and field as 32 hexadecimal digits; `./vm.yaml` and `vm.yaml` are one file.

    Neither message nor list indices, which change when one more plugin is registered or an interface is inserted before this one: findings
    may have the same fingerprint, and whoever compares runs counts them.
    """
    return digest(repository_path(occurrence.file), *_identity(occurrence))


def numbered_fingerprints(occurrences: Sequence[Occurrence], *, with_file: bool = True) -> Iterator[str]:
    """For each finding a fingerprint that no other of its file has; without the file, for who follows a finding when its file moves."""
    keys = [fingerprint(occurrence) for occurrence in occurrences]
    for occurrence, key, number in zip(occurrences, keys, ordinals(keys), strict=True):
        yield numbered(key if with_file else digest(*_identity(occurrence)), number)


def numbered(key: str, number: int) -> str:
    """The key for the first that has it, and another one for each that comes again."""
    return key if number == 1 else digest(key, str(number))


def digest(*parts: str) -> str:
    """The parts as 32 hexadecimal digits; where one part ends and the next begins counts."""
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()[:_DIGITS]


def repository_path(file: str) -> str:
    """The file as version control names it, as far as the name alone tells: without `./` and detours."""
    return posixpath.normpath(file)


def ordinals(keys: Iterable[str]) -> Iterator[int]:
    """For each key how often it has come by then: 1 for the first."""
    seen: Counter[str] = Counter()
    for key in keys:
        seen[key] += 1
        yield seen[key]


def _identity(occurrence: Occurrence) -> tuple[str, str, str]:
    return occurrence.finding.rule, str(occurrence.object), occurrence.field_by_name
