"""What makes two findings of different runs the same one. Never a line: lines move when something above them is edited."""

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator

from webhook.kube.fieldpath import render as render_path
from webhook.report.findings import Occurrence

_DIGITS = 32


def fingerprint(occurrence: Occurrence) -> str:
    """Rule, file, object, field and message as 32 hexadecimal digits; `./vm.yaml` and `vm.yaml` are one file."""
    return digest(repository_path(occurrence.file), *_identity(occurrence))


def fingerprint_anywhere(occurrence: Occurrence) -> str:
    """The same without the file, for consumers that follow a finding when its file moves."""
    return digest(*_identity(occurrence))


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


def _identity(occurrence: Occurrence) -> tuple[str, str, str, str]:
    finding = occurrence.finding
    return finding.rule, str(occurrence.object), render_path(finding.path), finding.message
