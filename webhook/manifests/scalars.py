"""Resolve YAML scalars to the values that kubectl sends to the API server.

kubectl parses YAML with sigs.k8s.io/yaml and sends JSON. The resolver is goyaml.v2/resolve.go: YAML 1.1 without base 60 and dates.
"""

import base64
import math
import re
from collections.abc import Mapping
from typing import TypeAlias

from webhook.kube.text import quoted

Scalar: TypeAlias = str | int | float | bool | None

SUSPECT = frozenset("0123456789+-.~yYnNtTfFoO")
"""First characters of plain scalars that may be something other than text."""

WORDS: Mapping[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
"""Words that are booleans or null if they are not quoted."""

_NO_JSON = frozenset(f"{sign}.{word}" for word in ("inf", "Inf", "INF") for sign in ("", "+", "-")) | {".nan", ".NaN", ".NAN"}
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,17}")
_INTEGER = re.compile(
    r"[-+]?(?:0[xX](?P<x>[0-9a-fA-F]+)|0[bB](?P<b>[01]+)|0[oO]?(?P<o>[0-7]+)|(?P<d>0|[1-9][0-9]*))"
)  # strconv.ParseInt base 0
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")  # yamlStyleFloat
_BASES = {"x": 16, "b": 2, "o": 8, "d": 10}
_MIN_INT64, _UINT64_END = -(1 << 63), 1 << 64
_INT64 = float(1 << 63)
_MAX_NUMBER_LENGTH = 1000


def resolve(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar; `ValueError` for a number that JSON cannot represent."""
    if text[:1] not in SUSPECT and text:
        return text
    if _DECIMAL.fullmatch(text):
        return int(text)
    if text in WORDS:
        return WORDS[text]
    if text in _NO_JSON:
        raise ValueError(f"{text} is no number that JSON or Kubernetes can hold")
    return _number(text) if text[0] in "0123456789+-." else text


def whole(value: float) -> int | float:
    """The number that arrives at the API server: Go writes the float `1e3` as `1000`, which is an integer in JSON."""
    return int(value) if value.is_integer() and abs(value) < _INT64 else value


def _number(text: str) -> Scalar:
    """Integer, float, or the text itself; in the order of goyaml.v2, so that `08` is 8 and `017` is 15."""
    plain = text.replace("_", "") if text[0] != "." else text
    if len(plain) > _MAX_NUMBER_LENGTH:
        return text
    integer = _integer(plain)
    if integer is not None and _MIN_INT64 <= integer < _UINT64_END:
        return integer
    if _FLOAT.fullmatch(plain) and math.isfinite(value := float(plain)):
        return whole(value)
    return text if integer is None or plain[0] in "+-" else integer


def _integer(plain: str) -> int | None:
    match = _INTEGER.fullmatch(plain)
    if match is None or match.lastgroup is None:
        return None
    value = int(match[match.lastgroup], _BASES[match.lastgroup])
    return -value if plain[0] == "-" else value


PREFIX = "tag:yaml.org,2002:"
"""The prefix that `!!` abbreviates."""

_TYPES: Mapping[str, tuple[type, ...]] = {"null": (type(None),), "bool": (bool,), "int": (int,), "float": (int, float)}


def resolve_tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with a tag, plain or quoted; `ValueError` says why there is none."""
    name = tag.removeprefix(PREFIX) if tag.startswith(PREFIX) else ""
    if name in ("str", "timestamp") or tag == "!":
        return text
    if name == "binary":
        return _binary(text)
    if name not in _TYPES:
        raise ValueError(f"unknown tag {shown(tag)}: Kubernetes manifests are plain data")
    value = resolve(text)
    if type(value) not in _TYPES[name]:
        raise ValueError(f"{quoted(text)} is no {shown(tag)}")
    return value


def shown(tag: str) -> str:
    """A tag in its short form: `!!int`, `!vault`."""
    return f"!!{tag.removeprefix(PREFIX)}" if tag.startswith(PREFIX) else tag


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode(errors="replace")
    except ValueError as error:
        raise ValueError(f"a !!binary value must be base64: {error}") from error
