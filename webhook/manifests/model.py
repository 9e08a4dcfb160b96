"""Documents as text, and places in them."""

import enum

import msgspec


class DocumentFormat(enum.Enum):
    """The format of a document, from the file's name; on standard input from the first character."""

    YAML = "yaml"
    JSON = "json"


class Document(msgspec.Struct, frozen=True):
    """One document of a stream, not parsed yet.

    Attributes:
        file: The file as the user named it; `<stdin>` for standard input.
        line: 1-based line of the document's first line in the file.
        text: The document, UTF-8 as read.
        format: YAML or JSON.
    """

    file: str
    line: int
    text: bytes
    format: DocumentFormat


class Place(msgspec.Struct, frozen=True):
    """The place of a value in a file.

    Attributes:
        line: 1-based, in the file.
        column: 1-based, in characters.
        length: Characters of the value or key on that line, at least 1.
        source_line: The whole line without its line end; if it is longer than 400 characters, 400 of them around the value.
        cut: The number of characters left out before `source_line`.
    """

    line: int
    column: int
    length: int
    source_line: str
    cut: int = 0
