"""What a library logs as an error and then goes on as if nothing were: heard here, and by nobody else."""

import contextlib
import logging
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def captured_logs() -> Iterator[list[str]]:
    """The errors that this thread logs on the root logger within the block; they do not come out."""
    heard: list[str] = []
    thread = threading.get_ident()

    def others(record: logging.LogRecord) -> bool:
        if record.thread != thread or record.levelno < logging.ERROR:
            return True
        heard.append(record.getMessage())
        return False

    root = logging.getLogger()
    with _handled(root):
        root.addFilter(others)
        try:
            yield heard
        finally:
            root.removeFilter(others)


@contextlib.contextmanager
def _handled(root: logging.Logger) -> Iterator[None]:
    """`logging.error` sets up a handler for good where there is none; the one that is used without any is put there for so long."""
    handler = logging.lastResort
    if root.handlers or handler is None:
        yield
        return
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
