"""Standard input on disk, as it must be read twice and may be larger than memory. Imported only where there is some."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import TextIO

from webhook.errors import UnreadableError
from webhook.intake.sources import Source

STDIN = "<stdin>"


@contextlib.contextmanager
def spooled(stream: TextIO | None) -> Iterator[Source]:
    """All of the stream as a source, for as long as the context is open; `UnreadableError` where there is no stream (`<&-`)."""
    if stream is None:
        raise UnreadableError("standard input is closed", file=STDIN)
    with tempfile.NamedTemporaryFile(prefix="bindguard-stdin-") as spool:
        shutil.copyfileobj(stream.buffer, spool)
        spool.flush()
        yield Source(STDIN, spool.name)
