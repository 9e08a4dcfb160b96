"""Looking at something again and again: the loop that never ends, and what is said when a look fails."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)


class Poller:
    """Takes a look every so many seconds, or at once when woken; a look that raises is logged, told by `check`, and taken again.

    Attributes:
        name: What is watched, in one word.
    """

    def __init__(self, name: str, look: Callable[[], Awaitable[None]], *, seconds: float) -> None:
        self.name = name
        self._look = look
        self._seconds = seconds
        self._woken = asyncio.Event()
        self._problem: str | None = None

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    async def check(self) -> str | None:
        """Why the last look did not end as it should; `None` when it did. For readiness."""
        return self._problem

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._woken.wait()
            self._woken.clear()
            await self._looked()

    async def _looked(self) -> None:
        try:
            await self._look()
        except Exception as error:
            log.exception("watcher failed", watcher=self.name)
            self._problem = f"the last look failed: {type(error).__name__}: {error}"
            return
        self._problem = None
