"""A source line as it looks in a terminal, and where the mark under it goes."""

import dataclasses
import unicodedata

from webhook.kube.text import commands_in, visible

_TAB = 4
_MAX_LENGTH = 120
_BEFORE_MARK = 60


@dataclasses.dataclass(frozen=True, slots=True)
class Excerpt:
    """What is printed.

    Attributes:
        text: The line, or the part of it around the mark; printable.
        indent: Screen cells before the mark.
        width: Screen cells to mark, at least 1.
    """

    text: str
    indent: int
    width: int


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
    return Excerpt(before + marked + after, _width(before), max(1, _width(marked)))


def _as_shown(line: str) -> list[str]:
    """One printable text per character; a tab reaches to the next stop, whatever the gutter before it."""
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
