"""Following the objects of a kind: nothing is missed, nothing that a server does ends it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.cluster.clocks import Time
from tests.cluster.fake_api import FakeApi
from tests.cluster.kubevirt_crs import CR, KUBEVIRTS, bookmark, event, kubevirt
from tests.cluster.stories import running, until
from webhook.cluster.clock import Clock
from webhook.cluster.events import Event, Listing
from webhook.cluster.list_watch import QUIET_SECONDS, WATCH_SECONDS, Backoff, Watch, WatchError, goes_on


class Recorder:
    """A follower that notes what it is told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.troubles: list[WatchError] = []
        self.fails = False

    def listed(self, listing: Listing) -> None:
        self.told.append("listed " + ",".join(sorted(key.name for key in listing.objects)))

    def changed(self, event: Event) -> None:
        self.told.append(f"{event.type} {event.key.name}".strip())
        if self.fails:
            self.fails = False
            raise ZeroDivisionError

    def ended(self, trouble: WatchError | None) -> None:
        self.told.append("ended" if trouble is None else f"ended: {trouble.reason}")
        if trouble is not None:
            self.troubles.append(trouble)


@contextlib.asynccontextmanager
async def following(api: FakeApi, clock: Clock | None = None, follower: Recorder | None = None, **options: Any) -> AsyncIterator[Recorder]:
    follower, server = follower or Recorder(), api.connection()
    async with running(server, Watch(server, KUBEVIRTS, follower, clock=clock or Time().clock, **options).run()):
        yield follower


def follow(api: FakeApi, story: Callable[[Recorder], Awaitable[None]], clock: Clock | None = None, **options: Any) -> list[str]:
    """What is told while the story goes on, which begins with an open watch."""

    async def told() -> list[str]:
        async with following(api, clock, **options) as follower:
            await until(lambda: api.watches() == 1)
            await story(follower)
            return follower.told

    return asyncio.run(told())


def asked(api: FakeApi) -> list[str | None]:
    """Each request's resourceVersion, `None` for a listing."""
    return [each.query.get("resourceVersion") for each in api.asked("GET", KUBEVIRTS)]


def test_a_listing_is_followed_by_every_change_in_order(api: FakeApi) -> None:
    api.store(CR, kubevirt())

    async def story(follower: Recorder) -> None:
        api.store(CR, kubevirt({}))
        api.store(f"{CR}-2", kubevirt(name="kubevirt-2"))
        api.emit(KUBEVIRTS, bookmark("150"))
        api.version = 150
        api.remove(CR)
        await until(lambda: len(follower.told) == 5)

    told = follow(api, story)
    assert told == ["listed kubevirt", "MODIFIED kubevirt", "ADDED kubevirt-2", "BOOKMARK", "DELETED kubevirt"]
    assert api.asked("GET", KUBEVIRTS)[1].query == {
        "watch": "1",
        "allowWatchBookmarks": "true",
        "resourceVersion": "101",
        "timeoutSeconds": str(WATCH_SECONDS),
    }


def test_a_watch_that_ended_goes_on_where_it_was(api: FakeApi) -> None:
    async def story(follower: Recorder) -> None:
        api.emit(KUBEVIRTS, bookmark("150"))
        api.cut_watches()
        await until(lambda: len(asked(api)) == 3)
        assert follower.told == ["listed ", "BOOKMARK", "ended"]

    follow(api, story)
    assert asked(api) == [None, "100", "150"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (410, "gone"),
        (504, "timeout"),
        (403, "forbidden"),
        (500, "unavailable"),
        ("cut", "unavailable"),
        ("no JSON", "unreadable"),
        ('{"type":"ADDED"}\n', "unreadable"),
        ("[" * 10_000, "unreadable"),
        ('{"type":"ERROR","object":{"code":410,"message":"too old resource version"}}\n', "gone"),
    ],
)
def test_a_watch_that_cannot_go_on_is_answered_by_a_listing_that_replaces_everything(api: FakeApi, fault: int | str, reason: str) -> None:
    async def story(follower: Recorder) -> None:
        api.fail(KUBEVIRTS, fault)
        api.cut_watches()
        await until(lambda: follower.told.count("listed ") == 2)
        assert follower.told == ["listed ", "ended", f"ended: {reason}", "listed "]

    follow(api, story)
    assert asked(api)[:4] == [None, "100", "100", None]


def test_an_expired_version_may_be_told_in_the_stream(api: FakeApi) -> None:
    async def story(follower: Recorder) -> None:
        api.emit(KUBEVIRTS, bookmark("150"))
        api.emit(KUBEVIRTS, event("ERROR", {"kind": "Status", "code": 410, "message": "too old resource version"}))
        await until(lambda: follower.told.count("listed ") == 2)
        assert follower.told[-2:] == ["ended: gone", "listed "]

    follow(api, story)


@pytest.mark.parametrize("back", [bookmark("120"), event("MODIFIED", kubevirt(resource_version="120"))])
def test_a_watch_that_goes_back_as_after_a_restored_etcd_is_answered_by_a_listing(api: FakeApi, back: dict[str, Any]) -> None:
    async def story(follower: Recorder) -> None:
        api.emit(KUBEVIRTS, bookmark("150"))
        api.emit(KUBEVIRTS, back)
        await until(lambda: follower.told.count("listed ") == 2)
        assert follower.told == ["listed ", "BOOKMARK", "ended: gone", "listed "]

    follow(api, story)


def test_a_silent_watch_is_given_up_and_begun_again(api: FakeApi) -> None:
    async def story(follower: Recorder) -> None:
        await until(lambda: follower.told.count("listed ") == 3)
        assert set(follower.told) == {"listed ", "ended: timeout"}

    follow(api, story, silence_seconds=0.05)


def test_without_any_news_for_long_a_listing_tells_that_all_is_as_it_was(api: FakeApi) -> None:
    time = Time()

    async def story(follower: Recorder) -> None:
        time.now += QUIET_SECONDS + 1
        api.cut_watches()
        await until(lambda: follower.told.count("listed ") == 2)

    follow(api, story, time.clock)
    assert asked(api)[:3] == [None, "100", None]


@pytest.mark.parametrize("fault", [403, 404, 429, 500, "cut", "", "{}", "[]"])
def test_whatever_a_listing_comes_to_it_is_asked_for_again(api: FakeApi, fault: int | str) -> None:
    api.fail(KUBEVIRTS, fault, times=7)
    time = Time()

    async def story(follower: Recorder) -> None:
        assert follower.told[-1] == "listed "
        assert [trouble.listing for trouble in follower.troubles] == [True] * 7

    follow(api, story, time.clock)
    assert time.waited == [0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


def test_a_server_that_asks_to_be_left_alone_is_for_so_long_and_not_in_step_with_others(api: FakeApi) -> None:
    api.retry_after = "3"
    api.fail(KUBEVIRTS, 429)
    time = Time()

    async def story(follower: Recorder) -> None:
        assert follower.told == ["ended: too-many-requests", "listed "]

    follow(api, story, time.clock)
    assert time.waited == [3.4]


def test_a_follower_that_fails_gets_a_listing(api: FakeApi) -> None:
    async def story(follower: Recorder) -> None:
        follower.fails = True
        api.emit(KUBEVIRTS, bookmark("150"))
        await until(lambda: follower.told.count("listed ") == 2)
        assert follower.told == ["listed ", "BOOKMARK", "ended: internal", "listed "]

    follow(api, story)


def test_a_follower_that_fails_again_and_again_is_logged_once(api: FakeApi) -> None:
    class Broken(Recorder):
        def listed(self, listing: Listing) -> None:
            super().listed(listing)
            raise ZeroDivisionError

    async def told() -> None:
        async with following(api, follower=Broken()) as follower:
            await until(lambda: len(follower.troubles) > 3)

    with capture_logs() as logs:
        asyncio.run(told())
    assert [line["event"] for line in logs] == ["watch failed"]


def test_pauses_grow_to_a_limit_and_begin_anew_after_a_round_that_lasted() -> None:
    backoff = Backoff(lambda: 0.5)
    assert [backoff.pause(0.1) for _ in range(6)] == [0.2, 0.4, 0.8, 1.6, 2.5, 2.5]
    assert [backoff.pause(1.0), backoff.pause(0.1)] == [0.1, 0.2]
    assert Backoff(lambda: 0.0).pause(0.0) == 0.0


CUT = WatchError("unavailable", "cut", listing=False)


@pytest.mark.parametrize(
    ("trouble", "heard", "quiet", "on"),
    [
        (None, False, 0.0, True),
        (CUT, True, 0.0, True),
        (CUT._replace(reason="timeout"), True, 10.0, True),
        (CUT, False, 0.0, False),
        (CUT._replace(reason="gone"), True, 0.0, False),
        (CUT._replace(reason="unreadable"), True, 0.0, False),
        (CUT._replace(listing=True), True, 0.0, False),
        (None, True, QUIET_SECONDS + 1, False),
        (CUT, True, QUIET_SECONDS + 1, False),
    ],
)
def test_a_watch_goes_on_only_where_nothing_can_have_been_missed(trouble: WatchError | None, heard: bool, quiet: float, on: bool) -> None:  # noqa: FBT001 - columns of a table
    assert goes_on(trouble, heard=heard, quiet_seconds=quiet) is on
