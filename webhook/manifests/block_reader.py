"""A fast reader for the YAML that people write: block mappings and lists of one-line scalars and `|` texts, in ASCII.

It reads a subset of which every line matches one pattern. Whatever does not match is no error here but left to
`webhook.manifests.composer`, which alone decides and tells; scalars mean what `webhook.manifests.scalars` says, in both, and a test
holds the two together. Knows nothing of places.
"""

import re
from typing import TypeAlias

from webhook.manifests.limits import DEEPEST
from webhook.manifests.scalars import SUSPECT, WORDS, resolve

_Container: TypeAlias = dict[str, object] | list[object]

_MAX_LENGTH = 256 * 1024
_ASCII = bytes((9, 10, *range(32, 127)))
_MARKER = re.compile(r"(?>(?:[ ]*(?:#[^\n]*)?\n)*)---[ ]*(?:(?<=[ ])#[^\n]*)?\n")
_PLAIN = r"[A-Za-z0-9_./$+~(=^;<\\](?>(?:[!-9;-~]+|:(?=[!-~])|[ ]+(?=[!\"$-~]))*)"
"""No indicator first, no `: ` and no ` #` inside, no `:` last.

Where a repeat could give back what the next one takes, it is atomic: no text takes more than linear time. Possessive repeats would say
the same in fewer characters, but CPython before 3.11.5 matches them wrongly (python/cpython#106052). No atomic group holds a capturing
one, which several releases get wrong too (python/cpython#101955).
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
"""How wide `- ` is where a `|` text follows: the pattern above counts on it."""


class _OtherKindError(ValueError):
    """The document is not, or not wholly, of the kind that is read here."""


def read_block(raw: bytes) -> _Container | None:
    """The data of a YAML document, or `None` when it must be read by `webhook.manifests.composer`."""
    if len(raw) > _MAX_LENGTH or raw.translate(None, _ASCII) or (b"|" in raw and not raw.endswith(b"\n")):
        return None
    text = raw.decode("ascii")
    marker = _MARKER.match(text)
    try:
        return _read(_LINE.findall(text, marker.end() if marker is not None else 0))
    except ValueError:
        return None


def _read(lines: list[tuple[str, ...]]) -> _Container | None:
    """One step per line. A list stands one level deeper than a mapping at its column, as YAML allows `key:` right above `- item`."""
    root: dict[str, object] = {}
    stack: list[tuple[int, _Container]] = [(-1, root)]
    open_key: str | None = ""
    for indent, dash, key, bar, block, text, other in lines:
        if not dash and not key:
            if text or bar or other:
                raise _OtherKindError
            continue
        level = 2 * len(indent) + (1 if dash else 0)
        if level > stack[-1][0]:
            _open(stack, open_key, level)
        else:
            while level < stack[-1][0]:
                stack.pop()
        at, top = stack[-1]
        if at != level:
            raise _OtherKindError
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
            raise _OtherKindError
        top[key] = _literal(block, bar, dash) if bar else _scalar(text) if text else None
        open_key = None if bar or text else key
    value = root.get("")
    return value if isinstance(value, (dict, list)) else None


def _open(stack: list[tuple[int, _Container]], key: str | None, level: int) -> None:
    """Begin the value of `key`, which the line before left open."""
    parent = stack[-1][1]
    if key is None or isinstance(parent, list):
        raise _OtherKindError
    value: _Container = [] if level % 2 else {}
    parent[key] = value
    _push(stack, level, value)


def _push(stack: list[tuple[int, _Container]], level: int, value: _Container) -> None:
    if len(stack) > DEEPEST:
        raise _OtherKindError
    stack.append((level, value))


def _scalar(text: str) -> object:
    if not text:
        raise _OtherKindError
    first = text[0]
    if first in SUSPECT:
        return resolve(text)
    if first in "\"'":
        return text[1:-1]
    if first in "{[":
        return {} if first == "{" else []
    return text


def _literal(block: str, bar: str, dash: str) -> str:
    """The text of a `|` scalar, indented by as much as its first line; a text that YAML forbids or that is rare is left to others."""
    lines = block.split("\n")
    first = next((line for line in lines if line.strip(" ")), "")
    width = len(first) - len(first.lstrip(" "))
    if len(dash) not in (0, _AFTER_DASH) or not first or first[width] == "\t":
        raise _OtherKindError
    if any(line[:width].strip(" ") for line in lines) or lines[0] != first:
        raise _OtherKindError
    text = "\n".join([line[width:] for line in lines]).rstrip("\n")
    return text if bar == "|-" else text + "\n"
