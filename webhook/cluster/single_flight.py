"""Reads that are shared: by path while one runs, and one at a time for all who need a read that began after they asked."""

import asyncio
from collections.abc import Awaitable, Callable

from webhook.cluster.api_error import ApiError
from webhook.cluster.clock import Clock


class _Running:
    """One read, and how many wait for it."""

    def __init__(self, task: asyncio.Task[bytes]) -> None:
        self.task = task
        self.waiting = 0


class SharedReads:
    """Reads by path, so many at one time, and of each path one.

    Who waits can be cancelled without harm to the others; the read itself is cancelled when nobody waits for it any more.
    """

    def __init__(self, read: Callable[[str], Awaitable[bytes]], *, most: int) -> None:
        self._read = read
        self._turns = asyncio.Semaphore(most)
        self._running: dict[str, _Running] = {}

    async def get(self, path: str) -> bytes:
        """What is read at the path, by a read that ends after this was called; raises what the read raises."""
        running = self._running.get(path)
        if running is None or running.task.done():
            running = self._running[path] = _Running(asyncio.create_task(self._in_turn(path)))
        running.waiting += 1
        try:
            return await asyncio.shield(running.task)
        finally:
            running.waiting -= 1
            self._leave(path, running)

    def _leave(self, path: str, running: _Running) -> None:
        if not running.waiting:
            running.task.cancel()  # does nothing to one that is done
        if self._running.get(path) is running and (running.task.done() or not running.waiting):
            del self._running[path]

    async def _in_turn(self, path: str) -> bytes:
        async with self._turns:
            return await self._read(path)


SPACING_SECONDS = 0.05
"""So far apart reads begin at least: a flood of askers costs twenty reads a second, and who asks alone does not wait."""

MAX_PAUSE_SECONDS = 2.0
"""No longer is a server left alone that asks for it: somebody may be denied meanwhile for what is no longer true."""


class FreshRead:
    """Reads again and again, one at a time, for as long as somebody waits."""

    def __init__(self, read: Callable[[], Awaitable[None]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._next: asyncio.Future[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._next_at = float("-inf")
        self._closed = False

    async def fresh(self, until: float = float("inf")) -> None:
        """Wait for a read that has not begun yet; raises what it raises, or an `ApiError` at once when none may begin before `until`.

        Whoever gives up waiting leaves it to the others.
        """
        if self._closed:
            raise _closed()
        if self._next_at >= until:
            raise ApiError("the API server asked to be left alone for longer than there is time", status=0, reason="too-many-requests")
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        asked = self._next
        if self._reading is None:
            self._reading = asyncio.create_task(self._run())
        await asyncio.shield(asked)

    def close(self) -> None:
        """Read no more; who still waits, or comes later, gets an `ApiError`."""
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
        except Exception as error:  # noqa: BLE001 - raised again for everyone who waits
            if isinstance(error, ApiError):
                self._next_at = max(self._next_at, self._clock.now() + min(error.retry_after, MAX_PAUSE_SECONDS))
            _fail(asked, error)
        else:
            asked.set_result(None)


def _fail(asked: asyncio.Future[None], error: Exception) -> None:
    asked.set_exception(error)
    asked.exception()  # all who waited may have gone: then nobody is left to be told


def _closed() -> ApiError:
    return ApiError("nothing is read any more: the server is about to stop", status=0, reason="unavailable")
