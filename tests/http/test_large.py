"""Heavy reviews go one at a time, in a thread: who waits, in which order, and who is turned away. Times here only say who came first."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import Message, Receive

from tests.http.serving import PATIENCE
from webhook.http.body import LARGE_BYTES, Load, read_body
from webhook.http.large import MAX_VALUES, MAX_WAITING_BYTES, HeavyReviews, check_values
from webhook.http.limits import Limits
from webhook.http.reply import RefusedError

Story = Callable[[HeavyReviews, "Thread"], Awaitable[None]]


class Thread:
    """What is done in the thread: work that waits to be let go, and the order in which work was done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._let_go = threading.Event()

    def blocking(self) -> None:
        assert self._let_go.wait(PATIENCE)

    def work(self, name: str) -> Callable[[], str]:
        def work() -> str:
            self.done.append(name)
            return name

        return work

    def let_go(self) -> None:
        self._let_go.set()


def told(story: Story) -> None:
    """Tell a story that begins while the thread is busy."""

    async def whole() -> None:
        heavy, thread = HeavyReviews(), Thread()
        busy = asyncio.create_task(heavy.run(thread.blocking, 1, later()))
        await asyncio.sleep(0)
        try:
            await story(heavy, thread)
        finally:
            thread.let_go()
            await busy

    asyncio.run(whole())


def later() -> float:
    return time.monotonic() + PATIENCE


async def queued(heavy: HeavyReviews, work: Callable[[], Any], size: int = 1) -> "asyncio.Task[Any]":
    task = asyncio.create_task(heavy.run(work, size, later()))
    await asyncio.sleep(0)
    return task


def test_what_came_earlier_goes_first_and_what_is_larger_later() -> None:
    async def story(heavy: HeavyReviews, thread: Thread) -> None:
        sizes = {"large": MAX_WAITING_BYTES // 2, "first": 10, "second": 10}
        tasks = [await queued(heavy, thread.work(name), size) for name, size in sizes.items()]
        thread.let_go()
        assert await asyncio.gather(*tasks) == list(sizes)
        assert thread.done == ["first", "second", "large"]

    told(story)


def test_what_fails_fails_for_itself_alone() -> None:
    async def story(heavy: HeavyReviews, thread: Thread) -> None:
        failing = await queued(heavy, lambda: 1 // 0)
        other = await queued(heavy, thread.work("other"))
        thread.let_go()
        with pytest.raises(ZeroDivisionError):
            await failing
        assert await other == "other"

    told(story)


def test_whose_turn_does_not_come_in_time_is_told_so_and_its_work_is_not_done() -> None:
    async def story(heavy: HeavyReviews, thread: Thread) -> None:
        with pytest.raises(RefusedError, match="not begun in time") as refused:
            await heavy.run(thread.work("late"), 1, time.monotonic() + 0.01)
        assert refused.value.code == 504
        other = await queued(heavy, thread.work("other"))
        thread.let_go()
        await other
        assert thread.done == ["other"]

    told(story)


def test_no_more_bytes_wait_than_there_is_memory_for() -> None:
    async def story(heavy: HeavyReviews, thread: Thread) -> None:
        for _ in range(2):
            waiting = await queued(heavy, thread.work("waiting"), MAX_WAITING_BYTES)
            with pytest.raises(RefusedError, match="too many heavy reviews") as refused:
                await heavy.run(thread.work("refused"), 1, later())
            assert (refused.value.code, refused.value.headers) == (429, ((b"retry-after", b"1"),))
            waiting.cancel()
            await asyncio.wait([waiting])
        assert thread.done == []

    told(story)


def test_who_gives_up_holds_up_nobody() -> None:
    async def story(heavy: HeavyReviews, thread: Thread) -> None:
        gone, other = await queued(heavy, thread.work("gone")), await queued(heavy, thread.work("other"))
        gone.cancel()
        thread.let_go()
        assert await other == "other"
        assert await heavy.run(thread.work("later"), 1, later()) == "later"
        assert thread.done == ["other", "later"]

    told(story)


def test_who_gives_up_in_the_moment_of_its_turn_passes_it_on() -> None:
    async def story(heavy: HeavyReviews, thread: Thread) -> None:
        gone, other = await queued(heavy, thread.work("gone")), await queued(heavy, thread.work("other"))
        heavy._next()
        gone.cancel()
        thread.let_go()
        assert await other == "other"

    told(story)


@pytest.mark.parametrize("opening", [b"{", b"[", b"[{"])
def test_a_body_of_more_values_than_any_object_has_is_refused(opening: bytes) -> None:
    check_values(opening * (MAX_VALUES // len(opening)))
    with pytest.raises(RefusedError, match="holds too many values") as refused:
        check_values(opening * (MAX_VALUES // len(opening) + 1))
    assert refused.value.code == 413


def test_a_large_body_of_text_is_read() -> None:
    check_values(b'{"a":"' + b"#" * 50 * LARGE_BYTES + b'"}')
    assert LARGE_BYTES < MAX_VALUES


class Senders:
    """Clients of large bodies in five parts.

    Attributes:
        most: So many were read at one time, first parts aside: of those nobody knows yet that a large body begins.
    """

    def __init__(self) -> None:
        self.most = 0
        self.goes_on = asyncio.Event()
        self._reading = 0

    def receive(self, *, is_slow: bool = False) -> Receive:
        """What gives the parts of one body; a slow client sends none after its first one until `goes_on`."""
        left = 5

        async def part() -> Message:
            nonlocal left
            self._reading += left < 5
            self.most = max(self.most, self._reading)
            try:
                if is_slow and left < 5:
                    await self.goes_on.wait()
                await asyncio.sleep(0)
            finally:
                self._reading -= left < 5
            left -= 1
            return {"type": "http.request", "body": b" " * (LARGE_BYTES + 1), "more_body": left > 0}

        return part


def test_few_large_bodies_are_read_at_one_time() -> None:
    async def story() -> int:
        load, senders = Load(), Senders()
        bodies = await asyncio.gather(*(read_body(senders.receive(), Limits(), load) for _ in range(20)))
        assert {len(body) for body in bodies} == {5 * (LARGE_BYTES + 1)}
        return senders.most

    assert asyncio.run(story()) == 2


def test_clients_that_send_slowly_hold_up_no_other_large_body() -> None:
    async def story() -> None:
        load, senders = Load(), Senders()
        slow = [asyncio.create_task(read_body(senders.receive(is_slow=True), Limits(), load)) for _ in range(5)]
        assert len(await read_body(senders.receive(), Limits(), load)) == 5 * (LARGE_BYTES + 1)
        assert not any(task.done() for task in slow)
        senders.goes_on.set()
        await asyncio.gather(*slow)

    asyncio.run(story())
