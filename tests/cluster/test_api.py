"""Calls to an API server: what is sent, what comes back, and what every fault of a network turns into."""

import asyncio
import contextlib

import pytest
from kubernetes.client import Configuration

from tests.cluster.fake_api import FakeApi
from tests.cluster.stories import run, run_with
from tests.runtime.server import eventually
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.credentials import Credentials

VMIS = "/apis/kubevirt.io/v1/namespaces/shop/virtualmachineinstances"


def test_an_object_is_read(api: FakeApi) -> None:
    api.store(f"{VMIS}/web", {"metadata": {"name": "web"}})
    assert b'"web"' in run(api, lambda server: server.get(f"{VMIS}/web"))


def test_a_refusal_tells_status_reason_and_the_servers_own_words(api: FakeApi) -> None:
    with pytest.raises(ApiError, match=r"GET http.*/web: HTTP 404: .*/web not found") as told:
        run(api, lambda server: server.get(f"{VMIS}/web"))
    assert (told.value.status, told.value.reason) == (404, "not-found")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (403, "forbidden"),
        (409, "conflict"),
        (410, "gone"),
        (429, "too-many-requests"),
        (500, "unavailable"),
        ("cut", "unavailable"),
        ("hang", "timeout"),
    ],
)
def test_every_fault_has_its_reason(api: FakeApi, fault: int | str, reason: str) -> None:
    api.fail("/", fault, times=9)
    with pytest.raises(ApiError) as told:
        run(api, lambda server: server.get("/version", seconds=0.3))
    assert told.value.reason == reason


def test_nobody_at_the_address_is_an_error_that_names_it() -> None:
    with FakeApi() as api:
        pass
    with pytest.raises(ApiError, match=api.url) as told:
        run(api, lambda server: server.get("/version"))
    assert told.value.reason == "unavailable"


def test_a_name_that_nobody_can_have_is_told_without_numbers() -> None:
    with pytest.raises(ApiError, match=r"/version: no answer: [A-Z][\w -]+$"):
        run_with(lambda: ApiServer(Credentials(Configuration(host=f"http://{'x' * 64}.invalid"))), lambda server: server.get("/version"))


def test_a_port_that_hangs_up_on_a_handshake_is_told_in_words() -> None:
    async def story() -> None:
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as port:
            server = ApiServer(Credentials(Configuration(host=f"https://127.0.0.1:{port.sockets[0].getsockname()[1]}")))
            try:
                await server.get("/version")
            finally:
                await server.close()

    with pytest.raises(ApiError, match=r"/version: no answer: [\w /()-]+$"):
        asyncio.run(story())


def test_a_refused_token_is_asked_for_once_more(api: FakeApi) -> None:
    api.fail("/version", 401)
    api.store("/version", {"major": "1"})
    assert b'"major"' in run(api, lambda server: server.get("/version"))
    api.fail("/version", 401, times=2)
    with pytest.raises(ApiError) as told:
        run(api, lambda server: server.get("/version"))
    assert told.value.reason == "unauthorized"


def test_writes_with_an_old_resource_version_conflict(api: FakeApi) -> None:
    async def write_twice(server: ApiServer) -> None:
        await server.post(VMIS, {"metadata": {"name": "web"}, "spec": {"a": 1, "b": 2}})
        await server.patch(f"{VMIS}/web", {"spec": {"a": None}})
        await server.patch(f"{VMIS}/web", {"metadata": {"resourceVersion": "1"}})

    with pytest.raises(ApiError) as told:
        run(api, write_twice)
    assert told.value.reason == "conflict"
    assert api.objects[f"{VMIS}/web"]["spec"] == {"b": 2}


def test_a_dry_run_says_so_and_gives_the_warnings_in_the_answer(api: FakeApi) -> None:
    api.warnings = (r'299 - "a \"plugin\" and a \\"', '299 - "second" "Mon, 01 Jan 2024 00:00:00 GMT"', "nonsense", "299 -")
    warnings = run(api, lambda server: server.dry_run(VMIS, {"metadata": {"name": "web"}}))
    assert list(warnings) == ['a "plugin" and a \\', "second"]
    [asked] = api.asked("POST")
    assert asked.query == {"dryRun": "All", "fieldValidation": "Ignore"}


def test_a_watch_gives_each_event_whole_whatever_it_holds(api: FakeApi) -> None:
    events = [{"text": "a\u2028b"}, {"text": "x" * 300_000}, {"text": ""}]

    async def watch(server: ApiServer) -> list[bytes]:
        async with server.lines(VMIS, {"watch": "1"}, silence_seconds=20) as lines:
            await asyncio.to_thread(eventually, lambda: api.watches() == 1)
            for event in events:
                api.emit(VMIS, event)
            api.cut_watches()
            return [line async for line in lines]

    assert [len(line) for line in run(api, watch)] == [17, 300_012, 12]


def test_a_silent_watch_ends(api: FakeApi) -> None:
    assert why_it_ends(api, silence_seconds=0.2) == "timeout"


def test_a_refused_watch_tells_why(api: FakeApi) -> None:
    api.fail(VMIS, 410)
    assert why_it_ends(api, silence_seconds=5) == "gone"


def why_it_ends(api: FakeApi, *, silence_seconds: float) -> str:
    """The reason of the error that a watch ends with."""

    async def watch(server: ApiServer) -> None:
        async with server.lines(VMIS, {"watch": "1"}, silence_seconds=silence_seconds) as lines:
            async for _ in lines:
                pass

    with pytest.raises(ApiError) as told:
        run(api, watch)
    return told.value.reason


@pytest.mark.parametrize(
    ("told", "seconds"), [("1", 1), ("0", 0), ("31", 30), ("9" * 30, 0), ("-1", 0), ("Thu, 01 Jan 2099 00:00:00 GMT", 0), ("", 0)]
)
def test_how_long_a_busy_server_wants_to_be_left_alone_is_told_within_reason(api: FakeApi, told: str, seconds: float) -> None:
    api.retry_after = told
    api.fail("/", 429, times=2)
    with pytest.raises(ApiError) as called:
        run(api, lambda server: server.get("/version"))
    with pytest.raises(ApiError) as watched:
        run(api, lambda server: server.lines(VMIS, {"watch": "1"}, silence_seconds=5).__aenter__())
    assert (called.value.retry_after, watched.value.retry_after) == (seconds, seconds)


def test_what_the_caller_of_a_watch_raises_is_the_callers(api: FakeApi) -> None:
    async def watch(server: ApiServer) -> None:
        async with server.lines(VMIS, {"watch": "1"}, silence_seconds=5):
            raise TimeoutError

    with pytest.raises(TimeoutError):
        run(api, watch)


@pytest.mark.parametrize(("date", "least"), [("Thu, 01 Jan 1970 00:00:00 GMT", 1e9), (None, -60), ("yesterday", None)])
def test_the_servers_clock_is_compared_with_ours(api: FakeApi, date: str | None, least: float | None) -> None:
    api.date = date

    async def ask(server: ApiServer) -> float | None:
        assert server.skew is None
        with contextlib.suppress(ApiError):
            await server.get("/version")
        return server.skew

    skew = run(api, ask)
    assert skew == least if skew is None or least is None else least < skew < least + 1e9


def test_a_call_of_a_client_that_was_closed_ends_in_an_error_that_callers_know(api: FakeApi) -> None:
    """A server that stops closes its client, though somebody may still be giving back a Lease."""

    async def story(server: ApiServer) -> ApiError:
        await server.close()
        with pytest.raises(ApiError) as failed:
            await server.get("/version")
        return failed.value

    assert run(api, story).reason == "unavailable"
