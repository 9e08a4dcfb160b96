"""A thread that writes log lines, so that a pipe that nobody reads holds up neither reviews nor probes.

Lines wait in a bounded queue. What does not fit is dropped and counted, and the log says so at the place of the gap.
"""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable

MAX_WAITING_BYTES = 1024 * 1024
"""Some thousands of lines: a collector that pauses for a moment misses none."""


class LogWriter:
    """Writes lines to a file descriptor from a thread of its own. `write` never waits for the reader, and never fails.

    Attributes:
        dropped: Lines that were left out because too many waited.
    """

    def __init__(self, descriptor: int, gap: Callable[[int], str], *, max_waiting_bytes: int = MAX_WAITING_BYTES) -> None:
        """Start the thread; `gap` renders the line that says how many were left out."""
        self.dropped = 0
        self._descriptor = descriptor
        self._gap = gap
        self._max_waiting_bytes = max_waiting_bytes
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._unreported = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="log writer", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Queue a line with its end."""
        line = text.encode(errors="backslashreplace")
        with self._changed:
            if self._is_full(len(line)):
                self.dropped += 1
                self._unreported += 1
                return
            self._report_gap()
            self._append(line)

    def close(self, timeout: float) -> None:
        """Write what waits, for as long as `timeout` seconds; nothing is written afterwards."""
        with self._changed:
            self._report_gap()
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout)

    def _is_full(self, size: int) -> bool:
        """After a gap there is room again when half is written, so that there are few gaps."""
        limit = self._max_waiting_bytes // 2 if self._unreported else self._max_waiting_bytes
        return self._closed or self._waiting_bytes + size > limit

    def _report_gap(self) -> None:
        if self._unreported:
            self._append(self._gap(self._unreported).encode(errors="backslashreplace"))
            self._unreported = 0

    def _append(self, line: bytes) -> None:
        self._waiting.append(line)
        self._waiting_bytes += len(line)
        self._changed.notify()

    def _run(self) -> None:
        while (line := self._next()) is not None:
            with contextlib.suppress(OSError):  # the reader is gone: nobody can be told
                _write_whole(self._descriptor, line)
            with self._changed:
                self._waiting_bytes -= len(line)

    def _next(self) -> bytes | None:
        with self._changed:
            if not self._waiting:
                self._report_gap()
            while not self._waiting and not self._closed:
                self._changed.wait()
            return self._waiting.popleft() if self._waiting else None


def _write_whole(descriptor: int, line: bytes) -> None:
    """All of a line: a signal or a pipe may take only a part."""
    while line:
        line = line[os.write(descriptor, line) :]
