"""Reads by path that are shared while they run, with everyone free to leave. The order of steps is the test's own: no clock decides."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from tests.cluster.clocks import Time
from webhook.cluster.api_error import ApiError
from webhook.cluster.single_flight import MAX_PAUSE_SECONDS, SPACING_SECONDS, FreshRead, SharedReads


class Gate:
    """What is read, when the test says so."""

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()
        self.running = 0
        self.most = 0
        self.open = asyncio.Event()

    async def read(self, path: str) -> bytes:
        self.begun[path] += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.open.wait()
        finally:
            self.running -= 1
        if path == "/broken":
            raise LookupError(path)
        return f"{path} {self.begun[path]}".encode()


def running(scene: Callable[[Gate, SharedReads], Awaitable[None]], *, most: int = 9) -> None:
    async def played() -> None:
        gate = Gate()
        await scene(gate, SharedReads(gate.read, most=most))
        await settled()
        assert gate.running == 0

    asyncio.run(played())


async def settled() -> None:
    """Everything that can go on without the test has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_many_who_ask_while_it_is_read_share_one_read() -> None:
    async def scene(gate: Gate, reads: SharedReads) -> None:
        waiting = [asyncio.create_task(reads.get("/web")) for _ in range(50)]
        other = asyncio.create_task(reads.get("/db"))
        await settled()
        gate.open.set()
        assert await asyncio.gather(*waiting) == [b"/web 1"] * 50
        assert await other == b"/db 1"

    running(scene)


def test_what_has_been_read_is_never_given_again() -> None:
    async def scene(gate: Gate, reads: SharedReads) -> None:
        gate.open.set()
        assert [await reads.get("/web") for _ in range(3)] == [b"/web 1", b"/web 2", b"/web 3"]

    running(scene)


def test_one_who_leaves_takes_nothing_from_the_others() -> None:
    async def scene(gate: Gate, reads: SharedReads) -> None:
        first, second = (asyncio.create_task(reads.get("/web")) for _ in range(2))
        await settled()
        first.cancel()
        await settled()
        assert (first.cancelled(), gate.running) == (True, 1)
        gate.open.set()
        assert await second == b"/web 1"

    running(scene)


def test_when_the_last_leaves_the_read_ends_and_the_next_one_begins_anew() -> None:
    async def scene(gate: Gate, reads: SharedReads) -> None:
        waiting = [asyncio.create_task(reads.get("/web")) for _ in range(2)]
        await settled()
        for each in waiting:
            each.cancel()
        late = asyncio.create_task(reads.get("/web"))
        await settled()
        assert (gate.begun["/web"], gate.running) == (2, 1)
        gate.open.set()
        assert await late == b"/web 2"

    running(scene)


def test_one_who_leaves_before_the_read_has_begun_leaves_nothing_behind() -> None:
    async def scene(gate: Gate, reads: SharedReads) -> None:
        waiting = asyncio.create_task(reads.get("/web"))
        await asyncio.sleep(0)
        waiting.cancel()
        await settled()
        gate.open.set()
        assert await reads.get("/web") == f"/web {gate.begun['/web']}".encode()

    running(scene)


def test_what_goes_wrong_is_told_to_all_and_kept_for_nobody() -> None:
    async def scene(gate: Gate, reads: SharedReads) -> None:
        waiting = [asyncio.create_task(reads.get("/broken")) for _ in range(3)]
        await settled()
        gate.open.set()
        assert [type(each) for each in await asyncio.gather(*waiting, return_exceptions=True)] == [LookupError] * 3
        with pytest.raises(LookupError):
            await reads.get("/broken")
        assert gate.begun["/broken"] == 2

    running(scene)


def test_no_more_are_read_at_one_time_than_allowed_and_all_have_their_turn() -> None:
    async def scene(gate: Gate, reads: SharedReads) -> None:
        waiting = [asyncio.create_task(reads.get(f"/{number}")) for number in range(20)]
        await settled()
        assert gate.running == 3
        waiting[0].cancel()
        await settled()
        assert gate.running == 3
        gate.open.set()
        assert len(await asyncio.gather(*waiting[1:])) == 19
        assert gate.most == 3

    running(scene, most=3)


class Reads:
    """Reads that end when they are let go; each can fail."""

    def __init__(self) -> None:
        self.begun = 0
        self.gate = asyncio.Event()
        self.failing = False

    async def __call__(self) -> None:
        self.begun += 1
        await self.gate.wait()
        if self.failing:
            raise ApiError("no", status=0, reason="unavailable")


async def settle() -> None:
    await asyncio.sleep(0.02)


def test_a_hundred_askers_share_one_read() -> None:
    async def story() -> int:
        reads = Reads()
        fresh = FreshRead(reads, Time().clock)
        waiting = [asyncio.create_task(fresh.fresh()) for _ in range(100)]
        await settle()
        reads.gate.set()
        await asyncio.gather(*waiting)
        return reads.begun

    assert asyncio.run(story()) == 1


def test_who_asks_while_a_read_runs_gets_the_next_one() -> None:
    async def story() -> None:
        reads = Reads()
        fresh = FreshRead(reads, Time().clock)
        first = asyncio.create_task(fresh.fresh())
        await settle()
        late = [asyncio.create_task(fresh.fresh()) for _ in range(10)]
        await settle()
        assert (reads.begun, first.done()) == (1, False)
        reads.gate.set()
        await asyncio.gather(first, *late)
        assert reads.begun == 2

    asyncio.run(story())


def test_who_asks_alone_does_not_wait_and_a_flood_is_held_to_a_repair_backoff() -> None:
    async def story() -> list[float]:
        time, reads = Time(), Reads()
        reads.gate.set()
        fresh = FreshRead(reads, time.clock)
        for _ in range(3):
            await fresh.fresh()
        return time.waited

    assert asyncio.run(story()) == pytest.approx([0.0, SPACING_SECONDS, SPACING_SECONDS])


@pytest.mark.parametrize(("asked", "kept"), [(1.5, 1.5), (30.0, MAX_PAUSE_SECONDS)])
def test_a_server_that_asks_to_be_left_alone_is_for_a_time_and_who_has_not_the_time_is_told_at_once(asked: float, kept: float) -> None:
    async def story() -> list[float]:
        time = Time()

        async def read() -> None:
            raise ApiError("busy", status=429, reason="too-many-requests", retry_after=asked)

        fresh = FreshRead(read, time.clock)
        await asyncio.gather(fresh.fresh(), return_exceptions=True)
        with pytest.raises(ApiError, match="Retry-After is longer than the time that is left"):
            await fresh.fresh(time.now + 1)
        await asyncio.gather(fresh.fresh(time.now + 3), return_exceptions=True)
        return time.waited

    assert asyncio.run(story()) == [0.0, kept]


def test_a_failure_is_told_to_all_who_waited_and_the_next_read_is_another() -> None:
    async def story() -> None:
        reads = Reads()
        reads.failing = True
        reads.gate.set()
        fresh = FreshRead(reads, Time().clock)
        results = await asyncio.gather(fresh.fresh(), fresh.fresh(), return_exceptions=True)
        assert [type(result) for result in results] == [ApiError, ApiError]
        reads.failing = False
        await fresh.fresh()
        assert reads.begun == 2

    asyncio.run(story())


def test_who_gives_up_leaves_the_read_to_the_others() -> None:
    async def story() -> None:
        reads = Reads()
        fresh = FreshRead(reads, Time().clock)
        hasty, patient = asyncio.create_task(fresh.fresh()), asyncio.create_task(fresh.fresh())
        await settle()
        hasty.cancel()
        await settle()
        reads.gate.set()
        await patient
        assert (reads.begun, hasty.cancelled()) == (1, True)

    asyncio.run(story())


def test_whoever_waits_when_it_is_closed_or_comes_later_is_told() -> None:
    async def story() -> None:
        fresh = FreshRead(Reads(), Time().clock)
        first = asyncio.create_task(fresh.fresh())
        await settle()
        second = asyncio.create_task(fresh.fresh())
        await settle()
        fresh.close()
        results = await asyncio.gather(first, second, fresh.fresh(), return_exceptions=True)
        assert [type(result) for result in results] == [ApiError] * 3

    asyncio.run(story())
