"""The report as Markdown, short enough for one comment on a pull request.

GitHub refuses a comment of more than 65,536 characters, GitLab one of more than 1,000,000. Findings that do not fit are counted.
"""

from webhook.errors import UnreadableError
from webhook.kube.text import number_of, visible
from webhook.report.findings import Occurrence, Report, ReportOptions
from webhook.report.summary import rule_url, subject, summary_line
from webhook.rules.base import Action

MAX_CHARACTERS = 60_000
"""Limit of the whole report."""

_RESERVED = 2_000
_MAX_LISTED = 20
_MAX_TEXT = 1_000
"""Limit of one cell or line, in characters, as it is written."""
_ESCAPES = str.maketrans(
    {character: f"\\{character}" for character in "\\`*_[]()#.|~:$!%"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@<!-- -->"}
)
_MARKS = {Action.DENY: ":x: deny", Action.WARN: ":warning: warn"}


def render(report: Report, _options: ReportOptions) -> str:
    """A heading with the numbers, a table of findings, what could not be read, notes, and the summary line."""
    head = [f"### Bindguard: {_verdict(report)}", ""]
    tail = [
        *(f"- :x: {_unreadable(error)}" for error in report.unreadable[:_MAX_LISTED]),
        *_left_out(len(report.unreadable) - _MAX_LISTED, "input", "cannot be read"),
        *(f"- :warning: {_escaped(str(gap))}" for gap in report.gaps),
        *(f"- {_escaped(note)}" for note in report.notes[:_MAX_LISTED]),
        "",
        f"<sub>{_escaped(summary_line(report))}</sub>",
    ]
    room = MAX_CHARACTERS - _RESERVED - sum(map(len, head)) - sum(map(len, tail))
    rows = []
    for occurrence in report.occurrences:
        row = _row(occurrence)
        room -= len(row) + 1
        if room < 0:
            break
        rows.append(row)
    table = ["| severity | place | object | what is wrong | help |", "| --- | --- | --- | --- | --- |", *rows] if rows else []
    more = _left_out(len(report.occurrences) - len(rows), "more finding", "left out here: see the log of the job")
    return "\n".join([*head, *table, *([""] if table else []), *more, *tail]) + "\n"


def _verdict(report: Report) -> str:
    if not report.occurrences:
        return "input cannot be read" if report.unreadable else "incomplete" if report.gaps else "no findings"
    denied, warned = report.count(Action.DENY), report.count(Action.WARN)
    return f"{number_of(len(report.occurrences), 'finding')} ({denied} deny, {warned} warn)"


def _row(occurrence: Occurrence) -> str:
    finding = occurrence.finding
    place = f"{occurrence.file}:{occurrence.line}:{occurrence.column}"
    rule = f"[{_escaped(finding.rule)}]({rule_url(finding.rule)})"
    cells = (
        _MARKS[finding.severity],
        _escaped(place),
        _escaped(subject(occurrence)),
        f"{_escaped(finding.message)} {rule}",
        _escaped(finding.help),
    )
    return f"| {' | '.join(cells)} |"


def _unreadable(error: UnreadableError) -> str:
    return _escaped(str(error))


def _left_out(count: int, noun: str, what: str) -> list[str]:
    return [f"- {number_of(count, noun)} {what}"] if count > 0 else []


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: no markup, formula, link, reference, mention or HTML."""
    parts, length = [], 0
    for character in visible(text):
        parts.append(character.translate(_ESCAPES))
        length += len(parts[-1])
        if length > _MAX_TEXT:
            return f"{''.join(parts[:-1])}..."
    return "".join(parts)
