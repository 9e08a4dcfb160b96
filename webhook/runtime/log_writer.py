"""Write log lines in a thread, so that a pipe that nobody reads delays neither reviews nor probes.

Lines wait in a bounded queue. Lines that do not fit are dropped and counted, and a line in the log says how many at that place.
"""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable

MAX_WAITING_BYTES = 1024 * 1024
"""Limit of the queue: some thousands of lines, so that a short pause of the log collector loses none."""


class LogWriter:
    """Writes lines to a file descriptor from its own thread; `write` never blocks and never fails.

    Attributes:
        dropped: Lines that did not fit into the queue.
    """

    def __init__(self, descriptor: int, gap: Callable[[int], str], *, max_waiting_bytes: int = MAX_WAITING_BYTES) -> None:
        """Start the thread.

        Args:
            descriptor: Where lines are written.
            gap: Renders the line that says how many lines were dropped.
            max_waiting_bytes: Limit of the queue.
        """
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
        """Queue a line, which ends with a line feed."""
        line = text.encode(errors="backslashreplace")
        with self._changed:
            if self._is_full(len(line)):
                self.dropped += 1
                self._unreported += 1
                return
            self._report_gap()
            self._append(line)

    def close(self, timeout: float) -> None:
        """Write the queued lines for at most `timeout` seconds; later lines are dropped."""
        with self._changed:
            self._report_gap()
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout)

    def _is_full(self, size: int) -> bool:
        """Whether a line of `size` bytes does not fit. After a gap the queue must be half empty first, so that gaps are few."""
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
            with contextlib.suppress(OSError):  # the reader is gone, and there is nowhere to report it
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
    """Write the whole line; a call may write only a part of it."""
    while line:
        line = line[os.write(descriptor, line) :]
