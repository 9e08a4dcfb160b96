"""Heavy reviews, evaluated in a thread, one at a time, so that ordinary ones do not wait for them.

A thread gives way to the event loop within `SWITCH_SECONDS`, but not while C code runs: what that takes is bounded by `check_values`.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from webhook.http.body import LARGE_BYTES, RETRY_AFTER
from webhook.http.reply import RefusedError

T = TypeVar("T")

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""So many bytes of bodies wait for the thread at one time; no less than one largest body."""
MAX_VALUES = 200_000
"""So many objects and lists may be in one body; decoded, they have some 40 MB. A VM has hundreds, and an UPDATE carries two."""
SWITCH_SECONDS = 0.0005
"""So long a thread runs before another one that wants to gets its turn (`sys.setswitchinterval`); Python's own 5 ms are many reviews."""
_BYTES_PER_SECOND = 1_000_000


def check_values(body: bytes) -> None:
    """Refuse what would take much more memory and time than its size (413)."""
    if len(body) > LARGE_BYTES and body.count(b"{") + body.count(b"[") > MAX_VALUES:
        raise RefusedError(413, f"the request body holds too many values; at most {MAX_VALUES} objects and lists are read")


class HeavyReviews:
    """What is evaluated in the thread: what came earlier goes first, and a megabyte counts like a second of waiting."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="heavy-reviews")
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._waiting_bytes = 0
        self._is_busy = False

    async def run(self, work: Callable[[], T], size: int, until: float) -> T:
        """The result of `work`, about a body of this size.

        Refused when too much waits (429), or when its turn does not come before a time of `time.monotonic()` (504).
        """
        try:
            async with asyncio.timeout(until - time.monotonic()):
                await self._turn(size)
        except TimeoutError as error:
            raise RefusedError(504, "too many heavy reviews at one time; this one was not begun in time") from error
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._next()

    async def _turn(self, size: int) -> None:
        if not self._is_busy:
            self._is_busy = True
            return
        if self._waiting_bytes + size > MAX_WAITING_BYTES:
            raise RefusedError(429, "too many heavy reviews at one time; try again", RETRY_AFTER)
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (time.monotonic() + size / _BYTES_PER_SECOND, next(self._numbers), turn))
        self._waiting_bytes += size
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()
            raise
        finally:
            self._waiting_bytes -= size

    def _next(self) -> None:
        """Give the turn to who is first; those who gave up have gone."""
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._is_busy = False
