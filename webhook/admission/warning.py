"""Warnings of a response: findings as lines within the API server's limits. Does not know the rest of the response.

Once the warnings of a request have more than 4096 characters in all, the API server cuts each at 256 and drops what is then still too much
(k8s.io/apiserver pkg/endpoints/filters/warning.go, 1.36). We count bytes, which are never fewer than characters.
"""

from collections.abc import Sequence

from webhook.kube.fieldpath import render
from webhook.kube.text import visible
from webhook.rules.base import Finding

LONGEST = 256
"""Bytes of UTF-8 of one warning."""
MOST = 4096
"""Bytes of all warnings together."""

_ELLIPSIS = "..."
_FOR_MORE = 40


def warnings_of(findings: Sequence[Finding]) -> list[str]:
    """One line per finding, the rule's name last, which stays when the line is cut; then `and N more` for those without room."""
    lines: list[str] = []
    room = MOST - _FOR_MORE
    for finding in findings:
        line = _line(finding)
        room -= len(line.encode())
        if room < 0:
            return [*lines, f"and {len(findings) - len(lines)} more warnings"]
        lines.append(line)
    return lines


def with_accepted(finding: Finding) -> str:
    """What is wrong, and what would be accepted."""
    if not finding.accepted:
        return finding.message
    return f"{finding.message}{'' if finding.message.endswith('?') else ';'} accepted: {finding.accepted}"


def _line(finding: Finding) -> str:
    rule = f" ({finding.rule})"
    return _cut(visible(f"{render(finding.path)}: {with_accepted(finding)}"), LONGEST - len(rule)) + rule


def _cut(text: str, longest: int) -> str:
    """At most so many bytes of UTF-8, whole characters only."""
    encoded = text.encode()
    if len(encoded) <= longest:
        return text
    return encoded[: longest - len(_ELLIPSIS)].decode(errors="ignore") + _ELLIPSIS
