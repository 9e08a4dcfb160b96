"""Find the line and column of the value at a field path. Only documents with findings need it."""

import bisect
import re
from collections.abc import Collection, Sequence

from webhook.errors import UnreadableError
from webhook.kube.fieldpath import Path, look_up
from webhook.manifests.composer import Composer, Span
from webhook.manifests.model import Document, Place
from webhook.manifests.yaml import composer

_MAX_LINE_LENGTH = 400
_LINE_END = re.compile("\n")
_PROPERTIES = re.compile(r"(?>(?:[&!]\S*\s+)+)")
"""Anchor and tag before a value."""


def locate(document: Document, paths: Collection[Path]) -> dict[Path, Place]:
    """The place of each path: the value of a scalar, the key of a mapping or list, the first token of a list item.

    A path that does not exist has the place of its nearest ancestor. With aliases and merge keys, it is where the value is written. In a
    document that cannot be parsed, every path is at the first line.
    """
    text = document.text.decode(errors="replace")
    try:
        with composer(document, text, places=True) as one:
            root = one.compose()
            spans = {path: _span(one, root, path) for path in paths}
    except UnreadableError:
        spans = dict.fromkeys(paths, (0, 0))
    line_starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
    return {path: _place(document, text, line_starts, span) for path, span in spans.items()}


def _span(one: Composer, root: object, path: Path) -> Span:
    span, value = one.root_span, root
    for step in path:
        spans = one.spans.get(id(value), {}) if isinstance(value, (dict, list)) else {}
        if step not in spans:
            return span
        span = spans[step]
        value = look_up(value, (step,))
    return span


def _place(document: Document, text: str, line_starts: Sequence[int], span: Span) -> Place:
    """The place of a span. `line_starts` is computed once per document, so that many findings do not read it many times."""
    start, end = span
    properties = _PROPERTIES.match(text, start, end)
    start = properties.end() if properties is not None else start
    number = bisect.bisect_right(line_starts, start)
    first = line_starts[number - 1]
    last = line_starts[number] - 1 if number < len(line_starts) else len(text)
    last -= last > first and text[last - 1] == "\r"
    cut = first if last - first <= _MAX_LINE_LENGTH else max(first, min(start - _MAX_LINE_LENGTH // 2, last - _MAX_LINE_LENGTH))
    return Place(
        line=document.line + number - 1,
        column=start - first + 1,
        length=max(min(end, last) - start, 1),
        source_line=text[cut : min(last, cut + _MAX_LINE_LENGTH)],
        cut=cut - first,
    )
