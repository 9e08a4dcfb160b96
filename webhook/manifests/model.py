"""What the rim hands in: documents as text, and places in them."""

import enum

import msgspec


class DocumentFormat(enum.Enum):
    """How a document is written; decided by the file's name, and by the first character on standard input."""

    YAML = "yaml"
    JSON = "json"


class Document(msgspec.Struct, frozen=True):
    """One document of a stream, not parsed yet.

    Attributes:
        file: The file as the user named it; `<stdin>` for standard input.
        line: 1-based line of the document's first line in the file.
        text: The document, UTF-8 as read.
        format: How it is written.
    """

    file: str
    line: int
    text: bytes
    format: DocumentFormat


class Place(msgspec.Struct, frozen=True):
    """Where a value stands.

    Attributes:
        line: 1-based, in the file.
        column: 1-based, in characters.
        length: Characters of the value or key on that line, at least 1.
        source_line: The whole line without its line end; of a line longer than 400 characters, 400 around the value.
        cut: Characters of the line before `source_line`.
    """

    line: int
    column: int
    length: int
    source_line: str
    cut: int = 0
