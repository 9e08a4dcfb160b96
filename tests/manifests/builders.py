"""Builders: documents and streams out of text."""

import io

import yaml

from webhook.errors import UnreadableError
from webhook.manifests.composer import Composer
from webhook.manifests.documents import SkippedDocument, read_documents
from webhook.manifests.locations import locate
from webhook.manifests.model import Document, DocumentFormat, Place
from webhook.manifests.yaml import parse


def document(text: str | bytes, *, json: bool = False, line: int = 1) -> Document:
    """A document of `vm.yaml` or `vm.json`."""
    raw = text if isinstance(text, bytes) else text.encode()
    return Document("vm.json" if json else "vm.yaml", line, raw, DocumentFormat.JSON if json else DocumentFormat.YAML)


def stream(text: str | bytes) -> io.BytesIO:
    """A stream to read."""
    return io.BytesIO(text if isinstance(text, bytes) else text.encode())


def told(
    text: str | bytes,
    file: str = "vm.yaml",
    *,
    needle: bytes | None = None,
    max_document_bytes: int = 1_000_000,
    chunk_bytes: int = 1_000_000,
) -> list[Document | SkippedDocument | UnreadableError]:
    """All that a stream holds."""
    return list(read_documents(stream(text), file, needle=needle, max_document_bytes=max_document_bytes, chunk_bytes=chunk_bytes))


def lines_and_texts(text: str | bytes) -> list[tuple[int, str]]:
    """First line and text of each document of a stream that has nothing but documents."""
    return [(each.line, each.text.decode()) for each in told(text) if isinstance(each, Document)]


def composed(text: str) -> object:
    """What the composer alone makes of a text."""
    return Composer(yaml.CBaseLoader(text).get_event).compose()


def data(text: str | bytes, *, json: bool = False) -> object:
    """What a document means."""
    return parse(document(text, json=json))


def place(text: str | bytes, *path: str | int, json: bool = False, line: int = 1) -> Place:
    """Where a path stands."""
    return locate(document(text, json=json, line=line), [path])[path]


def shown(found: Place) -> str:
    """The text that a place underlines."""
    start = found.column - 1 - found.cut
    return found.source_line[start : start + found.length]
