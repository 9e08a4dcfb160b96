"""Decoding of plain JSON data that may have any shape: what fits is decoded, what does not is told with its path, and nothing is lost.

Knows nothing of what the data means.
"""

import json
import re
from typing import NamedTuple, TypeVar

import msgspec

from webhook.kube.fieldpath import Path, look_up

T = TypeVar("T", bound=msgspec.Struct)

MOST_MISFITS = 50
"""More wrong values than this in one object are not listed one by one: the object is then taken as empty."""

_PLACE = re.compile(r"- at `(?:key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_EXPECTED = re.compile(r"^Expected `(\w+)")
_WORDS = {"str": "a string", "int": "an integer", "bool": "true or false", "object": "an object", "array": "a list", "float": "a number"}
_EMPTY_ITEMS: dict[str, object] = {"str": "", "int": 0, "bool": False, "float": 0.0}
_LONGEST_FOUND = 60


class Misfit(NamedTuple):
    """A value of the wrong type, or one that is missing.

    Attributes:
        path: Where, from the root of the decoded data.
        expected: What belongs there: `a string`, `an object`.
        found: What is there: scalars as JSON (cut at 60 characters), else `a list` or `an object`; `None` when nothing is.
    """

    path: Path
    expected: str
    found: str | None


def decode(raw: object, type_: type[T]) -> tuple[T, list[Misfit]]:
    """The data as a struct, and every value that does not fit.

    A misfit counts as absent, in a list as an empty item, so that the rest can still be judged and indices stay what they are. All
    fields of `type_` must have defaults.
    """
    misfits: list[Misfit] = []
    while True:
        try:
            return msgspec.convert(raw, type_), misfits
        except msgspec.ValidationError as error:
            path, kind = _read(str(error))
        value = look_up(raw, path)
        misfits.append(Misfit(path, _WORDS.get(kind, "another type"), describe(value)))
        if not path or len(misfits) >= MOST_MISFITS:
            return type_(), misfits
        empty = _EMPTY_ITEMS.get(kind, {}) if isinstance(path[-1], int) else None
        raw = _replaced(raw, path, empty)


def describe(value: object) -> str:
    """A value as error messages show it."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    try:
        text = json.dumps(value)
    except ValueError:  # Python refuses to print integers of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= _LONGEST_FOUND else text[:_LONGEST_FOUND] + "..."


def _read(message: str) -> tuple[Path, str]:
    """Path and expected type out of the validation message, which msgspec documents as stable in form only."""
    place = _PLACE.search(message)
    steps = _STEP.findall(place.group(1)) if place is not None else []
    expected = _EXPECTED.match(message)
    return tuple(name or int(index) for name, index in steps), expected.group(1) if expected is not None else ""


def _replaced(raw: object, path: Path, value: object) -> object:
    """A copy of `raw` with another value at `path`; shares everything beside the path."""
    if not path:
        return value
    step = path[0]
    if isinstance(step, int) and isinstance(raw, list):
        return [*raw[:step], _replaced(raw[step], path[1:], value), *raw[step + 1 :]]
    if isinstance(raw, dict):
        return {**raw, step: _replaced(raw.get(step), path[1:], value)}
    return raw
