"""Build plain data from libyaml's events, as kubectl does, with limits on depth and number of values.

It refuses duplicate keys, unknown aliases and unknown tags. It is not recursive, because a document may be nested deeper than Python's
stack. Optionally it records where each value is written.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from yaml import AliasEvent, DocumentEndEvent, Event, MappingStartEvent, ScalarEvent, StreamEndEvent
from yaml.events import CollectionEndEvent, CollectionStartEvent, NodeEvent

from webhook.kube.text import quoted
from webhook.manifests.limits import MAX_DEPTH, MAX_VALUES
from webhook.manifests.scalars import PREFIX, resolve, resolve_tagged, shown

_MERGE = f"{PREFIX}merge"
_COLLECTIONS = {"!", *(f"{PREFIX}{name}" for name in ("map", "set", "seq", "omap", "pairs"))}

Span: TypeAlias = tuple[int, int]
"""Start and end of a token, in characters from the document's start."""

Spans: TypeAlias = dict[str | int, Span]
"""Where the values of one mapping or list were written, by key or index."""


class NotComposableError(Exception):
    """The document is valid YAML, but not valid in Kubernetes or above a limit; `index` is the offset in characters."""

    def __init__(self, message: str, index: int, first: int | None = None) -> None:
        super().__init__(message)
        self.index = index
        self.first = first


class _Key(NamedTuple):
    text: str
    span: Span
    merge: bool


class _Frame:
    """A mapping or list that is being built."""

    __slots__ = ("anchor", "before", "explicit", "key", "span", "spans", "value")

    def __init__(self, value: dict[str, object] | list[object], event: NodeEvent, span: Span, before: int) -> None:
        self.value = value
        self.anchor = event.anchor
        self.span = span
        self.before = before  # values counted before this one
        self.key: _Key | None = None
        self.explicit: dict[str, int] = {}  # offsets of the keys that are written here, without merged ones
        self.spans: Spans = {}


class _Anchored(NamedTuple):
    value: object
    size: int
    span: Span


class Composer:
    """Builds the data of one document.

    Attributes:
        spans: Where the values of each mapping and list were written, by `id()` of the collection; empty unless `places`.
        root_span: Where the root value was written.
    """

    def __init__(self, next_event: Callable[[], Event | None], *, places: bool = False) -> None:
        self._next = next_event
        self._places = places
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchored | None] = {}  # None while the anchored value is being read
        self._count = 0
        self._root: object = None
        self.spans: dict[int, Spans] = {}
        self.root_span: Span = (0, 0)

    def compose(self) -> object:
        """The document's value, `None` when it is empty; raises `NotComposableError` and libyaml's `yaml.YAMLError`."""
        while (event := self._next()) is not None and not isinstance(event, StreamEndEvent):
            if isinstance(event, ScalarEvent):
                self._scalar(event)
            elif isinstance(event, CollectionStartEvent):
                self._start(event)
            elif isinstance(event, CollectionEndEvent):
                self._end()
            elif isinstance(event, AliasEvent):
                self._alias(event)
            elif isinstance(event, DocumentEndEvent):
                self._expect_end()
        return self._root

    def _expect_end(self) -> None:
        event = self._next()
        if event is not None and not isinstance(event, StreamEndEvent):
            raise NotComposableError("another document starts here: put '---' on a line of its own before it", _span(event)[0])

    def _scalar(self, event: ScalarEvent) -> None:
        span = _span(event)
        try:
            if event.tag is not None and event.tag != _MERGE:
                value = resolve_tagged(event.tag, event.value)
            else:
                value = resolve(event.value) if event.implicit[0] else event.value
        except ValueError as error:
            raise NotComposableError(str(error), span[0]) from error
        self._count_values(1, span)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, 1, span)
        self._place(value, span, merge=event.value == "<<" and (event.implicit[0] or event.tag == _MERGE))

    def _start(self, event: CollectionStartEvent) -> None:
        span = _span(event)
        if event.tag is not None and event.tag not in _COLLECTIONS:
            raise NotComposableError(f"unknown tag {shown(event.tag)}: Kubernetes manifests are plain data", span[0])
        if len(self._stack) >= MAX_DEPTH:
            raise NotComposableError(f"nested deeper than {MAX_DEPTH} levels", span[0])
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        value: dict[str, object] | list[object] = {} if isinstance(event, MappingStartEvent) else []
        self._stack.append(_Frame(value, event, span, self._count))
        self._count_values(1, span)

    def _end(self) -> None:
        frame = self._stack.pop()
        if self._places:
            self.spans[id(frame.value)] = frame.spans
        if frame.anchor is not None:
            self._anchors[frame.anchor] = _Anchored(frame.value, self._count - frame.before, frame.span)
        self._place(frame.value, frame.span)

    def _alias(self, event: AliasEvent) -> None:
        span = _span(event)
        if event.anchor not in self._anchors:
            raise NotComposableError(f"alias *{event.anchor} has no anchor &{event.anchor} before it", span[0])
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise NotComposableError(f"alias *{event.anchor} is inside its own anchor &{event.anchor}", span[0])
        self._count_values(anchored.size, span)
        self._place(anchored.value, anchored.span)

    def _count_values(self, size: int, span: Span) -> None:
        self._count += size
        if self._count > MAX_VALUES:
            what = "aliases expand to" if self._anchors else "the document holds"
            raise NotComposableError(f"{what} more than {MAX_VALUES:,} values", span[0])

    def _place(self, value: object, span: Span, *, merge: bool = False) -> None:
        """Store a complete value: as root, list item, key, or value of a key."""
        if not self._stack:
            self._root, self.root_span = value, span
            return
        frame = self._stack[-1]
        if isinstance(frame.value, list):
            if self._places:
                frame.spans[len(frame.value)] = span
            frame.value.append(value)
        elif frame.key is None:
            frame.key = _Key("<<" if merge else _key_text(value, span), span, merge)
        elif frame.key.merge:
            self._merge(frame, frame.value, value, span)
        else:
            self._set(frame, frame.value, frame.key, value, span)

    def _merge(self, frame: _Frame, target: dict[str, object], source: object, span: Span) -> None:
        """Merge the mappings under `<<` into this one, as goyaml.v2/decode.go does: later keys win, and in a list the first mapping."""
        for each in reversed(source) if isinstance(source, list) else (source,):
            if not isinstance(each, dict):
                raise NotComposableError("the value of << must be a mapping or a list of mappings", span[0])
            target.update(each)
            frame.spans.update(self.spans.get(id(each), {}))
        frame.key = None

    def _set(self, frame: _Frame, target: dict[str, object], key: _Key, value: object, span: Span) -> None:
        """Store one pair of a mapping. Its location is the key for mappings and lists, and the value for scalars."""
        if key.text in frame.explicit:
            raise NotComposableError(f"key {quoted(key.text)} is written twice", key.span[0], first=frame.explicit[key.text])
        frame.explicit[key.text] = key.span[0]
        if self._places:
            frame.spans[key.text] = key.span if isinstance(value, (dict, list)) or span[0] == span[1] else span
        target[key.text] = value
        frame.key = None


def _key_text(value: object, span: Span) -> str:
    """The key as text, as in JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    what = "null" if value is None else f"a {'mapping' if isinstance(value, dict) else 'list'}"
    raise NotComposableError(f"{what} cannot be a key; quote it if text is meant", span[0])


def _span(event: Event) -> Span:
    start, end = event.start_mark, event.end_mark
    return start.index if start is not None else 0, end.index if end is not None else 0
