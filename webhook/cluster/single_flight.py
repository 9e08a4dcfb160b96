"""Reads that are shared while they run: who asks for a path that is being read waits for that read."""

import asyncio
from collections.abc import Awaitable, Callable


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
