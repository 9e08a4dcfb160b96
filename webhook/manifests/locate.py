"""Where in a file the value at a field path stands. Run only when a finding needs its line; knows nothing of findings."""

import re
from collections.abc import Collection

from webhook.errors import UnreadableError
from webhook.kube.fieldpath import Path, look_up
from webhook.manifests.careful import composer
from webhook.manifests.compose import Composer, Span
from webhook.manifests.model import Document, Place
from webhook.manifests.problems import place_of

_LONGEST_LINE = 400
_PROPERTIES = re.compile(r"(?:[&!]\S*+\s++)++")
"""Anchor and tag before a value; no plain value begins like one."""


def locate(document: Document, paths: Collection[Path]) -> dict[Path, Place]:
    """The place of each path: the value of a scalar, the key of a mapping or list, the first token of a list item.

    A path that leads nowhere has the place of its nearest ancestor; through aliases and merge keys, a value's place is where it is
    written. Of a document that cannot be parsed, every path is at the first line.
    """
    text = document.text.decode(errors="replace")
    try:
        with composer(document, text, places=True) as one:
            root = one.compose()
            return {path: _place(document, text, _span(one, root, path)) for path in paths}
    except UnreadableError:
        return dict.fromkeys(paths, _place(document, text, (0, 0)))


def _span(one: Composer, root: object, path: Path) -> Span:
    span, value = one.root_span, root
    for step in path:
        spans = one.spans.get(id(value), {}) if isinstance(value, (dict, list)) else {}
        if step not in spans:
            return span
        span = spans[step]
        value = look_up(value, (step,))
    return span


def _place(document: Document, text: str, span: Span) -> Place:
    start, end = span
    properties = _PROPERTIES.match(text, start, end)
    start = properties.end() if properties is not None else start
    line, column = place_of(text, start, document)
    first = start - column + 1
    last = text.find("\n", start)
    source = text[first : last if last >= 0 else len(text)].removesuffix("\r")
    length = min(end - start, len(source) - column + 1)
    return Place(line=line, column=column, length=max(length, 1), source_line=source[:_LONGEST_LINE])
