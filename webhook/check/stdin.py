"""Standard input on disk, as it must be read twice and may be larger than memory. Imported only where there is some."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from webhook.check.sources import Source

STDIN = "<stdin>"


@contextlib.contextmanager
def spooled(stream: BinaryIO) -> Iterator[Source]:
    """All of the stream as a source, for as long as the context is open."""
    with tempfile.NamedTemporaryFile(prefix="bindguard-stdin-") as spool:
        shutil.copyfileobj(stream, spool)
        spool.flush()
        yield Source(STDIN, spool.name)
