"""Parse JSON documents: with json.loads, or as YAML events for the composer.

The composer checks limits and duplicate keys, and records locations.
"""

import json
import math
import re
from collections.abc import Iterator

from yaml import Event, MappingEndEvent, MappingStartEvent, Mark, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from webhook.manifests.composer import NotComposableError
from webhook.manifests.limits import MAX_DEPTH, MAX_VALUES
from webhook.manifests.scalars import whole

_TOKEN = re.compile(r'(?>[ \t\r\n,:]*)("(?>(?:[^"\\]|\\.)*)"|[]\[{}]|[^]\[{},:"\s]+)')
_SPACE = " \t\r\n"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class UnusualError(Exception):
    """The composer must parse this text, because it has something unusual."""


class _Reader:
    """The hooks for json.loads.

    Attributes:
        unusual: Whether a hook found duplicate keys, NaN or infinity.
    """

    def __init__(self) -> None:
        self.unusual = False

    def object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        value = dict(pairs)
        self.unusual |= len(value) != len(pairs)
        return value

    def constant(self, _text: str) -> None:
        self.unusual = True

    def float(self, text: str) -> int | float:
        value = float(text)
        self.unusual |= math.isinf(value)
        return whole(value)


def read_json(text: str) -> object:
    """The data of one JSON text.

    Raises:
        json.JSONDecodeError: It is not JSON.
        UnusualError: Duplicate keys, NaN, numbers or nesting above the limits, or escaped surrogates.
    """
    reader = _Reader()
    try:
        value: object = json.loads(text, object_pairs_hook=reader.object, parse_constant=reader.constant, parse_float=reader.float)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:  # an integer of thousands of digits; nesting
        raise UnusualError from error
    if reader.unusual or _SURROGATE.search(text) or not _within_limits(value):
        raise UnusualError
    return value


def _within_limits(value: object) -> bool:
    level: list[object] = [value]
    count = 1
    for _ in range(MAX_DEPTH):
        level = [child for each in level if isinstance(each, (dict, list)) for child in (each.values() if isinstance(each, dict) else each)]
        count += len(level)
        if not level:
            break
    return count <= MAX_VALUES and not any(isinstance(each, (dict, list)) for each in level)


def json_events(text: str) -> Iterator[Event]:
    """YAML events for a JSON text, without limits. Only `index` of their marks is set.

    The text must be JSON: call `read_json` first.
    """
    for match in _TOKEN.finditer(text, 0, len(text.rstrip(_SPACE))):  # without spaces at the end, at each of which a search would start
        lexeme = match[1]
        start, end = (Mark("", index, 0, 0, None, 0) for index in match.span(1))
        if lexeme == "{":
            yield MappingStartEvent(None, None, True, start, end)
        elif lexeme == "[":
            yield SequenceStartEvent(None, None, True, start, end)
        elif lexeme == "}":
            yield MappingEndEvent(start, end)
        elif lexeme == "]":
            yield SequenceEndEvent(start, end)
        elif lexeme[0] == '"':
            yield ScalarEvent(None, None, (False, True), _string(lexeme), start, end)
        else:
            yield ScalarEvent(None, None, (True, False), _number(lexeme, start.index), start, end)


def _string(token: str) -> str:
    """A string as Go decodes it: a lone surrogate becomes the replacement character."""
    text: str = json.loads(token)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number(token: str, index: int) -> str:
    if token in ("true", "false", "null"):
        return token
    try:
        finite = math.isfinite(float(token))
    except ValueError:
        finite = False
    if not finite:
        raise NotComposableError(f"{token[:60]} is no number that JSON or Kubernetes can hold", index)
    return token
