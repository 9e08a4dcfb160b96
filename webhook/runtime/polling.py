"""Poll something at intervals: an endless loop that survives and reports failures."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)


class Poller:
    """Polls at intervals, or at once when woken. A poll that raises is logged and reported by `check`, and polling goes on.

    Attributes:
        name: What is polled, in one word.
    """

    def __init__(self, name: str, poll: Callable[[], Awaitable[None]], *, seconds: float) -> None:
        self.name = name
        self._poll = poll
        self._seconds = seconds
        self._woken = asyncio.Event()
        self._problem: str | None = None

    def wake(self) -> None:
        """Poll at once."""
        self._woken.set()

    async def check(self) -> str | None:
        """Why the last poll failed, for readiness; `None` when it did not."""
        return self._problem

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self._poll()
                self._problem = None
            except Exception as error:
                log.exception("watcher failed", watcher=self.name)
                self._problem = f"the last poll failed: {type(error).__name__}: {error}"
