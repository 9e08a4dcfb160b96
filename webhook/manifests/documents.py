"""Read the documents of a stream one at a time, without parsing them."""

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import msgspec

from webhook.errors import UnreadableError
from webhook.manifests.document_splitter import TooLong, whole_piece, yaml_pieces
from webhook.manifests.model import Document, DocumentFormat

MAX_LENGTH = 64 * 1024 * 1024
"""Default of the maximum size of a document, in bytes."""

_CHUNK = 64 * 1024
_BOM = b"\xef\xbb\xbf"
_WIDE = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_BARE_MARKER = re.compile(rb"\n|(?:---|\.\.\.)[ \t]*(?:(?<=[ \t])#[^\n]*|\r)?(?:\n|\Z)")
_NOTHING = re.compile(rb"(?>(?:[ \t\r]*(?:#[^\n]*)?\n)*)[ \t\r]*(?:#[^\n]*)?\Z")
_DIRECTIVES = re.compile(rb"(?>(?:(?:[ \t\r]*(?:#[^\n]*)?|%[^\n]*)\n)*)\Z")


class SkippedDocument(msgspec.Struct, frozen=True):
    """Consecutive documents that do not contain the needle.

    Attributes:
        count: How many.
    """

    count: int


def read_documents(
    stream: BinaryIO,
    file: str,
    *,
    needle: bytes | None = None,
    max_document_bytes: int = MAX_LENGTH,
    chunk_bytes: int = _CHUNK,
) -> Iterator[Document | SkippedDocument | UnreadableError]:
    """The documents of a stream, in order. Comments alone are not a document. `OSError`s of the stream are not caught.

    Args:
        stream: The stream, which is read to its end.
        file: Name of the stream in documents and errors. If it ends in `.json`, the whole stream is one JSON document.
        needle: Documents that do not contain these bytes are only counted.
        max_document_bytes: A longer document is reported as an error and dropped.
        chunk_bytes: Minimum number of bytes per read.
    """
    first = stream.read(chunk_bytes)
    encoding = next((name for mark, name in _WIDE.items() if first.startswith(mark)), None)
    if encoding is not None:
        yield UnreadableError(f"the file is {encoding}; save it as UTF-8", file=file, line=1)
        return
    first = first.removeprefix(_BOM)
    if file.lower().endswith(".json"):
        pieces = whole_piece(stream, first, limit=max_document_bytes)
        yield from _Reader(file, DocumentFormat.JSON, needle, max_document_bytes).read(pieces)
    else:
        pieces = yaml_pieces(stream, first, limit=max_document_bytes, chunk=chunk_bytes)
        yield from _Reader(file, DocumentFormat.YAML, needle, max_document_bytes).read(pieces)


class _Reader:
    """Turns pieces of a stream into documents."""

    def __init__(self, file: str, format_: DocumentFormat, needle: bytes | None, limit: int) -> None:
        self._file = file
        self._format = format_
        self._needle = needle
        self._limit = limit
        self._line = 1 if format_ is DocumentFormat.JSON else 0  # the first YAML piece begins with a line end of its own
        self._directives: tuple[int, bytes] | None = None  # %YAML and %TAG lines belong to the document after the next marker

    def read(self, pieces: Iterable[bytes | TooLong]) -> Iterator[Document | SkippedDocument | UnreadableError]:
        """The documents and errors in the pieces; consecutive skipped documents are counted together."""
        skipped = 0
        for piece in pieces:
            result = self._too_long(piece) if isinstance(piece, TooLong) else self._document(piece)
            if isinstance(result, SkippedDocument):
                skipped += result.count
            elif result is not None:
                if skipped:
                    yield SkippedDocument(skipped)
                skipped = 0
                yield result
        if skipped:
            yield SkippedDocument(skipped)

    def _too_long(self, piece: TooLong) -> UnreadableError:
        line = max(self._line, 1)
        self._line += piece.lines
        self._directives = None
        return UnreadableError(f"a document longer than {self._limit:,} bytes is not read; split it", file=self._file, line=line)

    def _document(self, piece: bytes) -> Document | SkippedDocument | UnreadableError | None:
        """The document in a piece; `None` if it has none, or only directives of the next one."""
        line, text = self._without_marker(piece)
        if _NOTHING.match(text):
            return None
        if b"%" in text and _DIRECTIVES.match(text):
            self._directives = line, text
            return None
        if b"\0" in text:
            return self._binary(line, text)
        if self._needle is not None and self._needle not in text:
            return _SKIPPED_ONE
        return Document(self._file, line, text, self._format)

    def _without_marker(self, piece: bytes) -> tuple[int, bytes]:
        """First line and text without a marker line that has nothing else on it. Other marker lines stay, which keeps columns right."""
        line = self._line
        self._line += piece.count(b"\n")
        if self._directives is not None:
            (line, directives), self._directives = self._directives, None
            return line, directives + piece
        bare = _BARE_MARKER.match(piece)
        if bare is None:
            return line, piece
        return line + piece.count(b"\n", 0, bare.end()), piece[bare.end() :].removeprefix(_BOM)

    def _binary(self, line: int, text: bytes) -> UnreadableError:
        line += text.count(b"\n", 0, text.index(b"\0"))
        return UnreadableError("a NUL byte: this is not UTF-8 text", file=self._file, line=line)


_SKIPPED_ONE = SkippedDocument(1)
