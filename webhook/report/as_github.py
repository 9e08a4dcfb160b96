"""The report as GitHub workflow commands, which become annotations on the changed lines.

GitHub shows ten annotations of each level per step. The log and the summary have all of them.
Source: actions/runner src/Runner.Common/ActionCommand.cs (escaping).
"""

from webhook.errors import UnreadableError
from webhook.kube.text import visible
from webhook.report.findings import Occurrence, Report, ReportOptions
from webhook.report.fingerprint import repository_path
from webhook.report.summary import subject, summary_line
from webhook.rules.base import Action


def render(report: Report, _options: ReportOptions) -> str:
    """One command per line: errors and warnings in the order given, then one notice with the summary and the notes."""
    commands = [
        *(_occurrence(occurrence) for occurrence in report.occurrences),
        *(_unreadable(error) for error in report.unreadable),
        *(_command("error" if gap.fails else "warning", {"title": "incomplete"}, [str(gap)]) for gap in report.gaps),
        _command("notice", {"title": "bindguard"}, [summary_line(report), *report.notes]),
    ]
    return "\n".join(commands) + "\n"


def _occurrence(occurrence: Occurrence) -> str:
    finding = occurrence.finding
    properties: dict[str, str | int | None] = {
        "file": repository_path(occurrence.file),
        "line": occurrence.line,
        "col": occurrence.column,
        "endColumn": occurrence.column + occurrence.length,
        "title": finding.rule,
    }
    lines = [finding.message, subject(occurrence)]
    if finding.help:
        lines.append(f"help: {finding.help}")
    return _command("error" if finding.severity is Action.DENY else "warning", properties, lines)


def _unreadable(error: UnreadableError) -> str:
    file = repository_path(error.file) if error.file is not None else None
    return _command("error", {"file": file, "line": error.line, "col": error.column, "title": "unreadable"}, [error.message])


def _command(name: str, properties: dict[str, str | int | None], lines: list[str]) -> str:
    given = ",".join(f"{key}={_property(visible(str(value)))}" for key, value in properties.items() if value is not None)
    message = _data("\n".join(visible(line) for line in lines))
    return f"::{name} {given}::{message}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
