"""Where manifests are read from, opened again as often as needed."""

from typing import BinaryIO

import msgspec

from webhook.files import MAX_MANIFEST_BYTES, MAX_REGISTRY_BYTES, open_file


class Source(msgspec.Struct, frozen=True):
    """A file to read.

    Attributes:
        name: As the user named it, `<stdin>` for standard input.
        path: What is opened.
        max_bytes: It may have no more.
        pipe: Whether it may be a pipe, which can be read once.
    """

    name: str
    path: str
    max_bytes: int = MAX_MANIFEST_BYTES
    pipe: bool = False

    def open(self) -> BinaryIO:
        """The content from its start, not buffered, as all read it in large pieces; `OSError` as `open_file` raises it."""
        return open_file(self.path, max_bytes=self.max_bytes, pipe=self.pipe)


def registry_source(path: str, *, pipe: bool) -> Source:
    """A file with a registry; a pipe only where the command line names it."""
    return Source(path, path, max_bytes=MAX_REGISTRY_BYTES, pipe=pipe)
