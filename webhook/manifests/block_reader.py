"""A fast parser for the YAML that people usually write: ASCII, block mappings and lists, one-line scalars and `|` texts.

Every line of this subset matches one pattern. If a line does not match, `webhook.manifests.composer` parses the document and reports
its errors. Both resolve scalars with `webhook.manifests.scalars`, and a test compares their results.
"""

import re
from typing import TypeAlias

from webhook.manifests.limits import MAX_DEPTH
from webhook.manifests.scalars import SUSPECT, WORDS, resolve

_Container: TypeAlias = dict[str, object] | list[object]

_MAX_LENGTH = 256 * 1024
_ASCII = bytes((9, 10, *range(32, 127)))
_MARKER = re.compile(r"(?>(?:[ ]*(?:#[^\n]*)?\n)*)---[ ]*(?:(?<=[ ])#[^\n]*)?\n")
_PLAIN = r"[A-Za-z0-9_./$+~(=^;<\\](?>(?:[!-9;-~]+|:(?=[!-~])|[ ]+(?=[!\"$-~]))*)"
"""A plain scalar: it does not begin with an indicator, has no `: ` and no ` #` inside, and does not end with `:`.

Repeats that could backtrack are atomic, so that matching takes linear time. Possessive repeats would be shorter, but CPython before
3.11.5 matches them wrongly (python/cpython#106052). No atomic group contains a capturing group, which several releases match wrongly
(python/cpython#101955).
"""

_LINE = re.compile(
    rf"""
    ^((?>[ ]*))(-(?>[ ]+))?                                               # indent, dash
    (?:([A-Za-z_][A-Za-z0-9_./-]{{0,200}}):(?:(?>[ ]+)|(?=\n|\Z)))?         # key
    (?:(\|-?)[ ]*\n((?>(?:(?(2)\1[ ]{{3}}|\1[ ])[^\n]*\n|[ ]*\n)*))         # bar, then all lines that stand deeper than the key
      |({_PLAIN}|"[^"\\\n\t]*"|'[^'\n\t]*'|\{{[ ]*\}}|\[[ ]*\])?            # value
       [ ]*(?:(?<![^ \n])\#[^\n]*)?(?:\n|\Z))
    |^([^\n]+)                                                            # anything else
    """,
    re.MULTILINE | re.VERBOSE,
)
_AFTER_DASH = 2
"""The width of `- ` before a `|` text; the pattern above assumes it."""


class _UnsupportedError(ValueError):
    """The document is not in the subset that is parsed here."""


def read_block(raw: bytes) -> _Container | None:
    """The data of a YAML document, or `None` if `webhook.manifests.composer` must parse it."""
    if len(raw) > _MAX_LENGTH or raw.translate(None, _ASCII) or (b"|" in raw and not raw.endswith(b"\n")):
        return None
    text = raw.decode("ascii")
    marker = _MARKER.match(text)
    try:
        return _read(_LINE.findall(text, marker.end() if marker is not None else 0))
    except ValueError:
        return None


def _read(lines: list[tuple[str, ...]]) -> _Container | None:
    """Build the data line by line. In one column, a list is one level deeper than a mapping, as in `key:` above `- item`."""
    root: dict[str, object] = {}
    stack: list[tuple[int, _Container]] = [(-1, root)]
    open_key: str | None = ""
    for indent, dash, key, bar, block, text, other in lines:
        if not dash and not key:
            if text or bar or other:
                raise _UnsupportedError
            continue
        level = 2 * len(indent) + (1 if dash else 0)
        if level > stack[-1][0]:
            _open(stack, open_key, level)
        else:
            while level < stack[-1][0]:
                stack.pop()
        at, top = stack[-1]
        if at != level:
            raise _UnsupportedError
        if isinstance(top, list):
            if not key:
                top.append(_scalar(text))
                open_key = None
                continue
            item: dict[str, object] = {}
            top.append(item)
            top = item
            _push(stack, level - 1 + 2 * len(dash), item)
        if key in top or key in WORDS:
            raise _UnsupportedError
        top[key] = _literal(block, bar, dash) if bar else _scalar(text) if text else None
        open_key = None if bar or text else key
    value = root.get("")
    return value if isinstance(value, (dict, list)) else None


def _open(stack: list[tuple[int, _Container]], key: str | None, level: int) -> None:
    """Begin the mapping or list of `key`, whose line has no value."""
    parent = stack[-1][1]
    if key is None or isinstance(parent, list):
        raise _UnsupportedError
    value: _Container = [] if level % 2 else {}
    parent[key] = value
    _push(stack, level, value)


def _push(stack: list[tuple[int, _Container]], level: int, value: _Container) -> None:
    if len(stack) > MAX_DEPTH:
        raise _UnsupportedError
    stack.append((level, value))


def _scalar(text: str) -> object:
    if not text:
        raise _UnsupportedError
    first = text[0]
    if first in SUSPECT:
        return resolve(text)
    if first in "\"'":
        return text[1:-1]
    if first in "{[":
        return {} if first == "{" else []
    return text


def _literal(block: str, bar: str, dash: str) -> str:
    """The text of a `|` scalar without the indentation of its first line; `_UnsupportedError` for rare or invalid texts."""
    lines = block.split("\n")
    first = next((line for line in lines if line.strip(" ")), "")
    width = len(first) - len(first.lstrip(" "))
    if len(dash) not in (0, _AFTER_DASH) or not first or first[width] == "\t":
        raise _UnsupportedError
    if any(line[:width].strip(" ") for line in lines) or lines[0] != first:
        raise _UnsupportedError
    text = "\n".join([line[width:] for line in lines]).rstrip("\n")
    return text if bar == "|-" else text + "\n"
