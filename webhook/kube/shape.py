"""Decode plain JSON data of any shape: values that fit are decoded, the others are returned as type mismatches with their paths."""

import re
from typing import NamedTuple, TypeVar

import msgspec

from webhook.kube.fieldpath import Path, look_up
from webhook.kube.text import shown

T = TypeVar("T", bound=msgspec.Struct)

UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for untrusted bytes: no JSON or of another shape, no UTF-8, or nested a thousand levels deep."""

MAX_MISFITS = 20
"""Limit of type mismatches in one object; with more it is read as empty. Each mismatch costs one more pass over the object."""

_PLACE = re.compile(r"- at `(?:key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_EXPECTED = re.compile(r"^Expected `(\w+)")
_WORDS = {"str": "a string", "int": "an integer", "bool": "true or false", "object": "an object", "array": "a list", "float": "a number"}
_EMPTY_ITEMS: dict[str, object] = {"str": "", "int": 0, "bool": False, "float": 0.0}


class TypeMismatch(NamedTuple):
    """A value of the wrong type, or one that is missing.

    Attributes:
        path: Path from the root of the decoded data.
        expected: The expected type: `a string`, `an object`.
        found: The value, as `text.shown` prints it; `None` when it is missing.
    """

    path: Path
    expected: str
    found: str | None


def decode(raw: object, type_: type[T]) -> tuple[T, list[TypeMismatch]]:
    """The data as a struct, and every value that does not fit.

    A value that does not fit is read as absent, and in a list as an empty item, so that the rest can be checked and indices do not change.
    All fields of `type_` must have defaults.
    """
    type_mismatches: list[TypeMismatch] = []
    while True:
        try:
            return msgspec.convert(raw, type_), type_mismatches
        except msgspec.ValidationError as error:
            path, kind = _read(str(error))
        except UnicodeEncodeError:
            raw = _encodable(raw)
            continue
        value = look_up(raw, path)
        type_mismatches.append(TypeMismatch(path, _WORDS.get(kind, "another type"), shown(value)))
        if not path or len(type_mismatches) >= MAX_MISFITS:
            return type_(), type_mismatches
        empty = _EMPTY_ITEMS.get(kind, {}) if isinstance(path[-1], int) else None
        raw = _replaced(raw, path, empty)


def _read(message: str) -> tuple[Path, str]:
    """Path and expected type from msgspec's validation message, of which only the form is documented as stable."""
    place = _PLACE.search(message)
    steps = _STEP.findall(place.group(1)) if place is not None else []
    expected = _EXPECTED.match(message)
    return tuple(name or int(index) for name, index in steps), expected.group(1) if expected is not None else ""


def _encodable(raw: object) -> object:
    """The same with U+FFFD for each half of a surrogate pair, which JSON and YAML can write and msgspec does not read."""
    if isinstance(raw, str):
        return raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(raw, list):
        return [_encodable(item) for item in raw]
    if isinstance(raw, dict):
        return {_encodable(key): _encodable(value) for key, value in raw.items()}
    return raw


def _replaced(raw: object, path: Path, value: object) -> object:
    """A copy of `raw` with another value at `path`, which shares everything beside the path."""
    if not path:
        return value
    step = path[0]
    if isinstance(step, int) and isinstance(raw, list):
        return [*raw[:step], _replaced(raw[step], path[1:], value), *raw[step + 1 :]]
    if isinstance(raw, dict):
        return {**raw, step: _replaced(raw.get(step), path[1:], value)}
    return raw
