"""A stream of bytes cut at YAML's marker lines, in bounded memory and by a look at the bytes."""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_MARKER = re.compile(rb"\n(?:---|\.\.\.)(?=[ \t\r\n])")
_PARTIAL = 4
"""Bytes at the end of a chunk that may be the beginning of a marker."""


class TooLong(NamedTuple):
    """A piece above the limit: thrown away; it had this many line ends."""

    lines: int


def yaml_pieces(stream: BinaryIO, first: bytes, *, limit: int, chunk: int) -> Iterator[bytes | TooLong]:
    """The stream in pieces that begin with a marker line, save the first, which begins with a line end that is not in the stream.

    Args:
        stream: Read to its end.
        first: What has been read of the stream already.
        limit: Longest piece in bytes.
        chunk: Least number of bytes to read at once.
    """
    rest = b"\n" + first
    lost: int | None = None  # line ends of a piece too long to keep, of which `rest` is the end
    while True:
        start = 0
        for marker in _MARKER.finditer(rest):
            cut = marker.start() + 1
            yield _piece(rest[start:cut], lost, limit)
            start, lost = cut, None
        rest = rest[start:]
        if lost is not None or len(rest) > limit + _PARTIAL:
            lost = (lost or 0) + rest.count(b"\n", 0, -_PARTIAL)
            rest = rest[-_PARTIAL:]
        more = stream.read(max(chunk, len(rest)))
        if not more:
            yield _piece(rest.removesuffix(b"---") if rest.endswith(b"\n---") else rest, lost, limit)
            return
        rest += more


def whole_piece(stream: BinaryIO, first: bytes, *, limit: int) -> Iterator[bytes | TooLong]:
    """The stream as one piece."""
    read = [first]
    left = limit + 1 - len(first)
    while left > 0 and (more := stream.read(left)):  # a pipe or a network file system gives less at once than it has
        read.append(more)
        left -= len(more)
    yield _piece(b"".join(read), None, limit)


def _piece(text: bytes, lost: int | None, limit: int) -> bytes | TooLong:
    if lost is None and len(text) <= limit:
        return text
    return TooLong((lost or 0) + text.count(b"\n"))
