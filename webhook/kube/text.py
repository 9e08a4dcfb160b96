"""Print values in messages: short, on one line, and safe for any terminal, log or annotation."""

import json
import re

MAX_LENGTH = 60
"""Longest part of a value that is shown, in characters."""

_MAX_BITS = 64

# Printable according to Python, but displayed as nothing or as a space: fillers, selectors, joiners.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")

# Texts that CI services take for commands. GitHub: `::error::` at the start of a line after white space, `##[error]` anywhere in it
# (actions/runner src/Runner.Common/ActionCommand.cs). Azure Pipelines: `##vso[...]` anywhere. TeamCity: `##teamcity[...]`.
_AT_START = re.compile(r"^(\s*):(?=:)")
_ANYWHERE = re.compile(r"(?<=#)#(?=[\w.-]*\[)")


def quoted(text: str | None) -> str:
    """A string in double quotes, cut at `MAX_LENGTH` characters, with unsafe characters escaped as in JSON; `None` is empty."""
    text = text or ""
    cut = text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH] + "..."
    if _is_visible(cut) and '"' not in cut and "\\" not in cut:
        return f'"{cut}"'
    return '"' + "".join(_escaped(character) for character in cut) + '"'


def visible(text: str) -> str:
    """A whole text as one printable line, which no CI service takes for a command.

    Control characters, direction marks, lone surrogates and invisible characters are written as escapes.
    """
    if not _is_visible(text):
        text = "".join(c if _is_visible(c) else c.encode("unicode_escape").decode("ascii") for c in text)
    return without_command(text)


def without_command(line: str) -> str:
    """The line, with one character of each command of a CI service written as an escape."""
    if "::" not in line and "##" not in line:
        return line
    line = _AT_START.sub(r"\1\\x3a", line)
    return escape_command(line, r"\x23")


def escape_command(text: str, escape: str) -> str:
    """The text, with `escape` in place of one character of each command that CI services accept anywhere in a line."""
    return _ANYWHERE.sub(lambda _: escape, text)


def commands_in(line: str) -> frozenset[int]:
    """The indices of the characters that `without_command` escapes in the middle of a line."""
    return frozenset(match.start() for match in _ANYWHERE.finditer(line))


def shown(value: object) -> str:
    """Any JSON value: a string in quotes, "an object", "a list", else as JSON.

    A number with more than 64 bits is shown by its size: YAML can write any number in hexadecimal, and Python refuses to print one of more
    than 4300 decimal digits.
    """
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return f"a {value.bit_length()}-bit number"
    return json.dumps(value)


def number_of(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _escaped(character: str) -> str:
    return character if _is_visible(character) and character not in '"\\' else json.dumps(character)[1:-1].replace("\x7f", "\\u007f")


def _is_visible(text: str) -> bool:
    return text.isprintable() and (text.isascii() or _INVISIBLE.search(text) is None)
