"""The loop that never ends, and what it says when a look fails."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from webhook.runtime.polling import Poller


class Looks:
    """Counts looks; fails at some of them."""

    def __init__(self, *failing: int) -> None:
        self.count = 0
        self._failing = failing
        self.taken = asyncio.Event()

    async def __call__(self) -> None:
        self.count += 1
        self.taken.set()
        if self.count in self._failing:
            raise LookupError(f"look {self.count}")

    async def next(self) -> None:
        self.taken.clear()
        async with asyncio.timeout(10):
            await self.taken.wait()


def watched(looks: Looks, seconds: float, story: Callable[[Poller], Awaitable[None]]) -> None:
    async def run() -> None:
        watcher = Poller("registry", looks, seconds=seconds)
        task = asyncio.create_task(watcher.run())
        await story(watcher)
        assert not task.done()
        task.cancel()

    with structlog.testing.capture_logs():
        asyncio.run(run())


def test_looks_are_taken_again_and_again() -> None:
    looks = Looks()

    async def story(_: Poller) -> None:
        for _i in range(3):
            await looks.next()

    watched(looks, 0.001, story)
    assert looks.count >= 3


def test_a_watcher_that_is_woken_looks_at_once_and_once() -> None:
    looks = Looks()

    async def story(watcher: Poller) -> None:
        watcher.wake()
        watcher.wake()
        await looks.next()
        await asyncio.sleep(0)

    watched(looks, 3600, story)
    assert looks.count == 1


def test_a_look_that_fails_is_told_until_one_succeeds_and_ends_nothing() -> None:
    looks = Looks(1, 2)
    told: list[str | None] = []

    async def story(watcher: Poller) -> None:
        for _i in range(3):
            watcher.wake()
            await looks.next()
            await asyncio.sleep(0)
            told.append(await watcher.check())

    watched(looks, 3600, story)
    assert told == ["the last poll failed: LookupError: look 1", "the last poll failed: LookupError: look 2", None]
