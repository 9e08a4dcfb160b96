"""Where manifests are read from, opened again as often as needed. Knows nothing of their content."""

import dataclasses
import shutil
import tempfile
from typing import BinaryIO

STDIN = "<stdin>"


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A file to read.

    Attributes:
        name: As the user named it, `<stdin>` for standard input.
        path: What is opened.
    """

    name: str
    path: str

    def open(self) -> BinaryIO:
        """The content from its start; `OSError` as the system says."""
        return open(self.path, "rb")  # noqa: PTH123 - a third of the time of Path.open, and there are many files


def spooled(stream: BinaryIO) -> tuple[Source, "tempfile._TemporaryFileWrapper[bytes]"]:
    """Standard input on disk, as it must be read twice and may be larger than memory; the file goes when the second value is closed."""
    spool = tempfile.NamedTemporaryFile(prefix="bindguard-stdin-")  # noqa: SIM115 - closed by the caller, who reads it by name
    shutil.copyfileobj(stream, spool)
    spool.flush()
    return Source(STDIN, spool.name), spool
