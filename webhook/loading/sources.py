"""Files to read manifests or a registry from, which can be opened more than once."""

from typing import BinaryIO

import msgspec

from webhook.files import MAX_MANIFEST_BYTES, MAX_REGISTRY_BYTES, open_file

STDIN = "<stdin>"
"""The name of standard input."""
KUSTOMIZE = "kustomize:"
"""The prefix of the name of a rendered kustomization; its directory follows."""


class Source(msgspec.Struct, frozen=True):
    """A file to read.

    Attributes:
        name: The name that the user gave; `<stdin>` for standard input.
        path: The path to open.
        max_bytes: Size limit in bytes.
        pipe: Whether it may be a pipe, which can be read only once.
        origin: The file that it replaces, if that is not `name`; settings by path use this one.
    """

    name: str
    path: str
    max_bytes: int = MAX_MANIFEST_BYTES
    pipe: bool = False
    origin: str = ""

    @property
    def file(self) -> str:
        """The file for settings by path."""
        return self.origin or self.name

    def open(self) -> BinaryIO:
        """The file, open at its start and unbuffered; `OSError` as from `open_file`."""
        return open_file(self.path, max_bytes=self.max_bytes, pipe=self.pipe)


def registry_source(path: str, *, pipe: bool) -> Source:
    """A file with a registry; `pipe` as for `Source`, true only for a file that the command line names."""
    return Source(path, path, max_bytes=MAX_REGISTRY_BYTES, pipe=pipe)
