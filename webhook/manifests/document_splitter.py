"""Split a stream of bytes at YAML's marker lines (`---`, `...`) without parsing it, in bounded memory."""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_MARKER = re.compile(rb"\n(?:---|\.\.\.)(?=[ \t\r\n])")
_PARTIAL = 4
"""Bytes at the end of a chunk that may be the beginning of a marker."""


class TooLong(NamedTuple):
    """A piece above the size limit, which was dropped.

    Attributes:
        lines: The number of line ends in it.
    """

    lines: int


def yaml_pieces(stream: BinaryIO, first: bytes, *, limit: int, chunk: int) -> Iterator[bytes | TooLong]:
    """The stream in pieces. Each begins with a marker line, except the first, which begins with a line end that is not in the stream.

    Args:
        stream: The stream, which is read to its end.
        first: The bytes that were read from the stream already.
        limit: Maximum size of a piece in bytes.
        chunk: Minimum number of bytes per read.
    """
    rest = b"\n" + first
    lost: int | None = None  # line ends in a piece that is too long; `rest` is the end of that piece
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
    while left > 0 and (more := stream.read(left)):  # a pipe or a network file system may return less than was asked for
        read.append(more)
        left -= len(more)
    yield _piece(b"".join(read), None, limit)


def _piece(text: bytes, lost: int | None, limit: int) -> bytes | TooLong:
    if lost is None and len(text) <= limit:
        return text
    return TooLong((lost or 0) + text.count(b"\n"))
