"""Warnings of a response: one line per finding, within the API server's limits.

The API server leaves warnings of up to 4096 characters in all as they are. Beyond, it cuts each at 256 and drops what is then too much
(k8s.io/apiserver pkg/endpoints/filters/warning.go, 1.36). We count bytes, which are never fewer than characters.
"""

from collections.abc import Sequence

from webhook.kube.fieldpath import render
from webhook.kube.text import visible
from webhook.rules.base import Finding

MAX_SHORT_BYTES = 256
"""Of one warning in UTF-8, once all of them do not fit as they are."""
MAX_TOTAL_BYTES = 4096
"""Of all warnings together."""

_ELLIPSIS = "..."
_COUNT_BYTES = 40


def warnings_of(findings: Sequence[Finding], subject: str) -> list[str]:
    """One line per finding about `subject`; shortened only when all do not fit, then `and N more warnings` for those without room."""
    lines = [visible(f"{subject}: {render(finding.path)}: {with_help(finding)}{signature(finding)}") for finding in findings]
    if sum(len(line.encode()) for line in lines) <= MAX_TOTAL_BYTES:
        return lines
    return _fitting([_shortened(finding) for finding in findings])


def with_help(finding: Finding) -> str:
    """What is wrong, then what to do."""
    return f"{finding.message}{_help(finding)}"


def signature(finding: Finding) -> str:
    """Who says so: the end of each text that a VM's owner reads."""
    return f" [Bindguard {finding.rule}]"


def _help(finding: Finding) -> str:
    if not finding.accepted:
        return ""
    return f"{'' if finding.message.endswith('?') else ';'} help: {finding.accepted}"


def _fitting(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    room = MAX_TOTAL_BYTES - _COUNT_BYTES
    for line in lines:
        room -= len(line.encode())
        if room < 0:
            return [*kept, f"and {len(lines) - len(kept)} more warnings"]
        kept.append(line)
    return kept


def _shortened(finding: Finding) -> str:
    """Without the object, and the description cut before the instruction is."""
    end = visible(_help(finding)) + signature(finding)
    context = visible(f"{render(finding.path)}: {finding.message}")
    room = MAX_SHORT_BYTES - len(end.encode())
    if room > len(_ELLIPSIS):
        return _cut(context, room) + end
    return _cut(visible(f"help: {finding.accepted}"), MAX_SHORT_BYTES - len(signature(finding))) + signature(finding)


def _cut(text: str, max_bytes: int) -> str:
    """At most so many bytes of UTF-8, whole characters only."""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    return encoded[: max_bytes - len(_ELLIPSIS)].decode(errors="ignore") + _ELLIPSIS
