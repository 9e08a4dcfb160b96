"""The report for a person at a terminal: findings with their source lines, what could not be read, notes and one summary line.

Escape sequences in manifests are spelled out.
"""

import dataclasses
import unicodedata

from webhook.errors import UnreadableError
from webhook.kube.text import commands_in, visible
from webhook.report.findings import Occurrence, Report, ReportOptions
from webhook.report.summary import rule_url, subject, summary_line
from webhook.rules.base import Action

_TAB = 4
_MAX_LENGTH = 120
_BEFORE_MARK = 60


@dataclasses.dataclass(frozen=True, slots=True)
class Excerpt:
    """A line, or the part of it around the mark; printable.

    Attributes:
        before: The part before the mark.
        marked: The part to mark.
        after: The part after the mark.
    """

    before: str
    marked: str
    after: str

    @property
    def text(self) -> str:
        """The whole excerpt."""
        return self.before + self.marked + self.after

    @property
    def indent(self) -> int:
        """Screen cells before the mark."""
        return _width(self.before)

    @property
    def width(self) -> int:
        """Screen cells to mark, at least 1."""
        return max(1, _width(self.marked))


def excerpt(line: str, column: int, length: int, *, cut: bool = False) -> Excerpt | None:
    """The excerpt that marks `length` characters from the 1-based `column`; `None` when the line was cut before that column.

    `cut` says that the line's beginning is missing already.
    """
    start = column - 1
    if start > len(line):
        return None
    first = max(0, start - _BEFORE_MARK) if len(line) > _MAX_LENGTH else 0
    last = first + _MAX_LENGTH
    cells = _as_shown(line)
    before = ("..." if first or cut else "") + "".join(cells[first:start])
    marked = "".join(cells[start : min(start + length, last)])
    after = "".join(cells[start + length : last]) + ("..." if last < len(line) else "")
    return Excerpt(before, marked, after)


def _as_shown(line: str) -> list[str]:
    """One printable text for each character. A tab ends at the next multiple of four cells of the line."""
    shown: list[str] = []
    reached = 0
    commands = commands_in(line)
    for index, character in enumerate(line):
        text = " " * (_TAB - reached % _TAB) if character == "\t" else r"\x23" if index in commands else visible(character)
        shown.append(text)
        reached += _width(text)
    return shown


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


_RED = "31"
_YELLOW = "33"
_BOLD = "1"


def render(report: Report, options: ReportOptions) -> str:
    """Findings in the order given, a blank line between the parts."""
    parts = [block(occurrence, colour=options.colour) for occurrence in report.occurrences]
    if report.unreadable:
        parts.append("\n".join(_unreadable(error, colour=options.colour) for error in report.unreadable))
    gaps = [f"{_painted('error', _RED, colour=options.colour)}: {visible(str(gap))}" for gap in report.failing_gaps]
    parts.append("\n".join([*gaps, *(f"note: {visible(note)}" for note in report.notes), summary_line(report)]))
    return "\n\n".join(parts) + "\n"


def block(occurrence: Occurrence, *, colour: bool) -> str:
    """One finding as several lines, the first of which tools that jump to `file:line:column` understand; without a line end."""
    finding = occurrence.finding
    place = visible(f"{occurrence.file}:{occurrence.line}:{occurrence.column}")
    severity = _painted(finding.severity, _RED if finding.severity is Action.DENY else _YELLOW, colour=colour)
    lines = [
        f"{place}: {severity}: {visible(finding.message)} {_linked(f'[{finding.rule}]', rule_url(finding.rule), links=colour)}",
        f"  {visible(subject(occurrence))}",
        *_source(occurrence, colour=colour),
    ]
    if finding.help:
        lines.append(f"  help: {visible(finding.help)}")
    return "\n".join(lines)


def _source(occurrence: Occurrence, *, colour: bool) -> list[str]:
    shown = excerpt(occurrence.source_line, occurrence.column - occurrence.cut, occurrence.length, cut=occurrence.cut > 0)
    if shown is None:
        return []
    gutter = f"{occurrence.line:>6}"
    caret = _painted("^" * shown.width, _BOLD, colour=colour)
    return [f"{gutter} | {shown.text}".rstrip(), f"{' ' * len(gutter)} | {' ' * shown.indent}{caret}"]


def _unreadable(error: UnreadableError, *, colour: bool) -> str:
    place = ":".join(str(part) for part in (error.file or "input", error.line, error.column) if part is not None)
    return f"{visible(place)}: {_painted('unreadable', _RED, colour=colour)}: {visible(error.message)}"


def _linked(text: str, url: str, *, links: bool) -> str:
    """A hyperlink as terminals show it (OSC 8): https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda."""
    return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if links else text


def _painted(text: str, code: str, *, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
