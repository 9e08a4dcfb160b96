"""The timer of one connection, whose end can be moved at no cost."""

import asyncio
from collections.abc import Callable


class IdleTimer:
    """A wait that ends, unless it is stopped before. One at a time: a new one takes the place of the old.

    A timer of the event loop costs as much as reading a request head does, and a request starts and stops two waits. So a timer that is
    set stays set; when it is due, it is set again for what is left of the wait of that time, if there is one.
    """

    __slots__ = ("_due", "_loop", "_over", "_timer", "_until")

    def __init__(self, loop: asyncio.AbstractEventLoop, over: Callable[[], None]) -> None:
        """`over` is called when a wait ends."""
        self._loop = loop
        self._over = over
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._until: float | None = None

    @property
    def runs(self) -> bool:
        """Whether something is waited for."""
        return self._until is not None

    def start(self, seconds: float) -> None:
        """Wait for so many seconds from now on."""
        self._until = until = self._loop.time() + seconds
        if self._timer is None or until < self._due:
            self._set(until)

    def stop(self) -> None:
        """Wait no more."""
        self._until = None

    def end(self) -> None:
        """Wait no more, and never again. Whoever waited is let go: a connection and its TLS need no garbage collector to be freed."""
        self._until = None
        self._over = _nothing
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, until: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = until
        self._timer = self._loop.call_at(until, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._until is None:
            return
        if self._loop.time() < self._until:
            self._set(self._until)
            return
        self._until = None
        self._over()


def _nothing() -> None:
    """Nobody waits any more."""
