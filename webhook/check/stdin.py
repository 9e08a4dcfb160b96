"""Copy standard input and pipes to temporary files: they are read twice and may be larger than memory."""

import contextlib
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from webhook.errors import UnreadableError, reason_of
from webhook.files import MAX_MANIFEST_BYTES, open_file
from webhook.loading.sources import STDIN, Source

_CHUNK = 1024 * 1024


@contextlib.contextmanager
def spooled(stream: TextIO | None) -> Iterator[Source]:
    """Standard input as a source that can be read while the context is open; `UnreadableError` if it is closed (`<&-`)."""
    if stream is None:
        raise UnreadableError("standard input is closed", file=STDIN)
    with _spooled(stream.buffer, STDIN) as source:
        yield source


@contextlib.contextmanager
def spooled_pipe(path: str) -> Iterator[Source]:
    """The content of a pipe, such as bash's `<(helm template ...)`; `UnreadableError` when it cannot be read."""
    try:
        stream = open_file(path, max_bytes=MAX_MANIFEST_BYTES, pipe=True)
    except OSError as error:
        raise UnreadableError(reason_of(error), file=path) from error
    with stream, _spooled(stream, path) as source:
        yield source


@contextlib.contextmanager
def _spooled(stream: BinaryIO, name: str) -> Iterator[Source]:
    with tempfile.NamedTemporaryFile(prefix="bindguard-stdin-") as spool:
        try:
            while chunk := stream.read(_CHUNK):
                spool.write(chunk)
                if spool.tell() > MAX_MANIFEST_BYTES:
                    raise UnreadableError(f"has more than {MAX_MANIFEST_BYTES:,} bytes", file=name)
            spool.flush()
        except OSError as error:
            raise UnreadableError(reason_of(error), file=name) from error
        yield Source(name, spool.name)
