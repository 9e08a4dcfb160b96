"""The report as a GitLab Code Quality artifact, which becomes notes in the merge request.

Source: GitLab docs, ci/testing/code_quality, "Code Quality report format".
"""

from webhook.errors import UnreadableError
from webhook.report.findings import Gap, Occurrence, Report, ReportOptions
from webhook.report.fingerprint import digest, numbered, numbered_fingerprints, ordinals, repository_path
from webhook.report.json_text import json_text
from webhook.report.summary import sentence, subject
from webhook.rules.base import Action

_SEVERITY = {Action.DENY: "major", Action.WARN: "minor"}


def render(report: Report, _options: ReportOptions) -> str:
    """A JSON list. Repeated fingerprints are numbered, since GitLab keeps only one issue of each."""
    issues = [_issue(*each) for each in zip(report.occurrences, numbered_fingerprints(report.occurrences), strict=True)]
    unreadable = [digest("unreadable", error.file or "", error.message) for error in report.unreadable]
    broken = [_broken(*each) for each in zip(report.unreadable, unreadable, ordinals(unreadable), strict=True)]
    return json_text(issues + broken + [_incomplete(gap) for gap in report.failing_gaps])


def _issue(occurrence: Occurrence, fingerprint: str) -> dict[str, object]:
    finding = occurrence.finding
    return {
        "description": f"{subject(occurrence)}: {sentence(finding)}",
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": _SEVERITY[finding.severity],
        "location": {"path": repository_path(occurrence.file), "lines": {"begin": occurrence.line}},
    }


def _incomplete(gap: Gap) -> dict[str, object]:
    return {
        "description": str(gap),
        "check_name": "incomplete",
        "fingerprint": digest("incomplete", gap.what),
        "severity": "critical",
        "location": {"path": ".", "lines": {"begin": 1}},
    }


def _broken(error: UnreadableError, key: str, number: int) -> dict[str, object]:
    return {
        "description": error.message,
        "check_name": "unreadable",
        "fingerprint": numbered(key, number),
        "severity": "critical",
        "location": {"path": repository_path(error.file or "<input>"), "lines": {"begin": error.line or 1}},
    }
