"""Single-flight reads: concurrent callers share one read of a path, or one read that starts after they asked."""

import asyncio
from collections.abc import Awaitable, Callable

from webhook.cluster.api_error import ApiError
from webhook.cluster.clock import Clock


class _Running:
    """One read, and how many callers wait for it."""

    def __init__(self, task: asyncio.Task[bytes]) -> None:
        self.task = task
        self.waiting = 0


class SharedReads:
    """Reads by path: at most `most` at one time, and one for each path.

    A caller can be cancelled without harm to the others; a read is cancelled when no caller waits for it any more.
    """

    def __init__(self, read: Callable[[str], Awaitable[bytes]], *, most: int) -> None:
        self._read = read
        self._turns = asyncio.Semaphore(most)
        self._running: dict[str, _Running] = {}

    async def get(self, path: str) -> bytes:
        """The body at the path, from a read that ends after this call; raises what the read raises."""
        running = self._running.get(path)
        if running is None or running.task.done():
            running = self._running[path] = _Running(asyncio.create_task(self._in_turn(path)))
        running.waiting += 1
        try:
            return await asyncio.shield(running.task)
        finally:
            running.waiting -= 1
            if not running.waiting:
                running.task.cancel()  # does nothing to one that is done
            if self._running.get(path) is running and (running.task.done() or not running.waiting):
                del self._running[path]

    async def _in_turn(self, path: str) -> bytes:
        async with self._turns:
            return await self._read(path)


SPACING_SECONDS = 0.05
"""Least time between the starts of two reads: any number of callers costs twenty reads a second, and a single one does not wait."""

MAX_PAUSE_SECONDS = 2.0
"""A longer `Retry-After` is cut to this, since a denial that is no longer right may wait for the read."""


class FreshRead:
    """Repeats a read, one at a time, for as long as callers wait for one that starts after their call."""

    def __init__(self, read: Callable[[], Awaitable[None]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._next: asyncio.Future[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._next_at = float("-inf")
        self._closed = False

    async def fresh(self, until: float = float("inf")) -> None:
        """Wait for a read that has not started yet; a caller can be cancelled without harm to the others.

        Args:
            until: Deadline of the caller, on the monotonic clock in seconds.

        Raises:
            ApiError: At once, when no read may start before `until`; else what the read raises.
        """
        if self._closed:
            raise _closed()
        if self._next_at >= until:
            raise ApiError("the API server's Retry-After is longer than the time that is left", status=0, reason="too-many-requests")
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        asked = self._next
        if self._reading is None:
            self._reading = asyncio.create_task(self._run())
        await asyncio.shield(asked)

    def close(self) -> None:
        """Stop reading; callers that wait, or come later, get an `ApiError`."""
        self._closed = True
        if self._reading is not None:
            self._reading.cancel()
        if self._next is not None:
            _fail(self._next, _closed())

    async def _run(self) -> None:
        try:
            while self._next is not None:
                await self._clock.sleep(max(0.0, self._next_at - self._clock.now()))
                asked, self._next = self._next, None
                self._next_at = self._clock.now() + SPACING_SECONDS
                await self._answer(asked)
        finally:
            self._reading = None

    async def _answer(self, asked: asyncio.Future[None]) -> None:
        try:
            await self._read()
        except asyncio.CancelledError:
            _fail(asked, _closed())
            raise
        except Exception as error:  # noqa: BLE001 - raised again for every caller
            if isinstance(error, ApiError):
                self._next_at = max(self._next_at, self._clock.now() + min(error.retry_after, MAX_PAUSE_SECONDS))
            _fail(asked, error)
        else:
            asked.set_result(None)


def _fail(asked: asyncio.Future[None], error: Exception) -> None:
    asked.set_exception(error)
    asked.exception()  # marks it as retrieved: every caller may have been cancelled


def _closed() -> ApiError:
    return ApiError("no read is made any more: the server is about to stop", status=0, reason="unavailable")
