"""The progress of `bindguard check` on standard error: a line on a terminal, and a last line after a long run."""

import contextlib
import time
from collections.abc import Callable
from typing import TextIO

from webhook.kube.text import number_of

_QUIET_SECONDS = 1.0
"""A run that takes no longer shows nothing."""
_BETWEEN_SECONDS = 0.1
_LONG_SECONDS = 10.0
"""After a run that took this long one line says so, in logs too."""


class ProgressLine:
    """The line, about files or objects; `what` is `file` or `object`."""

    def __init__(self, what: str, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._stream = stream
        self._clock = clock
        self._began = clock()
        self._next = self._began + _QUIET_SECONDS if stream.isatty() else float("inf")
        self._shown = False

    def __call__(self, done: int, total: int, documents: int = 0, /) -> None:
        """Show that `done` of `total` are checked; `documents` counts those in files, the current one included."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _BETWEEN_SECONDS
        self._shown = True
        read = f", {number_of(documents, 'document')}" if documents else ""
        self._write(f"\rchecked {done} of {total} {self._what}s{read}\x1b[K")

    def clear(self) -> None:
        """Leave the terminal as it was."""
        if self._shown:
            self._shown = False
            self._write("\r\x1b[K")

    def finish(self, documents: int) -> None:
        """Say how long a long run took; `documents` are the objects where no files are read."""
        took = self._clock() - self._began
        if took >= _LONG_SECONDS:
            what = "document" if self._what == "file" else self._what
            self._write(f"bindguard: {number_of(documents, what)} in {took:.0f} s\n")

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # nobody reads it: no reason to lose the report
            self._stream.write(text)
            self._stream.flush()
