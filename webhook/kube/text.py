"""Values as messages show them: short, in one line, and harmless to any terminal, log or annotation. Knows nothing of what they mean."""

import json

LONGEST = 60
"""More characters of a value are not shown."""

_MOST_BITS = 64


def quoted(text: str | None) -> str:
    """A string in double quotes: cut at `LONGEST` characters, and whatever could not stand there escaped as in JSON; `None` is empty."""
    text = text or ""
    cut = text if len(text) <= LONGEST else text[:LONGEST] + "..."
    if cut.isprintable() and '"' not in cut and "\\" not in cut:
        return f'"{cut}"'
    return '"' + "".join(_escaped(character) for character in cut) + '"'


def visible(text: str) -> str:
    """A whole text as one printable line: controls, escape sequences, direction marks and lone surrogates are spelled out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shown(value: object) -> str:
    """Any JSON value: a string quoted, an object or a list by that word, else as JSON.

    Of a number with more than 64 bits only the size is told: YAML can write one of any size in hexadecimal, and Python raises for one of
    more than 4300 decimal digits.
    """
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"a {value.bit_length()}-bit number"
    return json.dumps(value)


def number_of(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _escaped(character: str) -> str:
    return character if character.isprintable() and character not in '"\\' else json.dumps(character)[1:-1].replace("\x7f", "\\u007f")
