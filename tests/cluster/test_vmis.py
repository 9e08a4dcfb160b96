"""VMIs over real HTTP from a fake API server: one GET each, tried again where that is of use, each failure with its word."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
import structlog

from tests.admission import launchers
from tests.cluster import stories
from tests.cluster.clocks import Time
from tests.cluster.fake_api import Asked, FakeApi
from tests.runtime.server import eventually
from webhook.admission.answer import SkipReason
from webhook.admission.vmi_source import VMISource, VMISourceError
from webhook.cluster.vmis import PAUSES, ClusterVMIs

T = TypeVar("T")

VMIS = "/apis/kubevirt.io/v1/namespaces/shop/virtualmachineinstances"
WEB = f"{VMIS}/web"


def run(api: FakeApi, ask: Callable[[ClusterVMIs], Awaitable[T]], *, read_seconds: float = 20.0, time: Time | None = None) -> T:
    clock = (time or Time()).clock
    return stories.run(api, lambda server: ask(ClusterVMIs(server, clock=clock, read_seconds=read_seconds)))


def web(api: FakeApi, **options: Any) -> bytes | None:
    return run(api, lambda vmis: vmis.get("shop", "web"), **options)


def refused(api: FakeApi, **options: Any) -> VMISourceError:
    with pytest.raises(VMISourceError) as raised:
        web(api, **options)
    return raised.value


@pytest.fixture
def stored(api: FakeApi) -> FakeApi:
    """A cluster with the VMI shop/web."""
    api.store(WEB, {"metadata": {"name": "web", "uid": "u"}})
    return api


def test_a_vmi_is_one_get_of_its_namespace_and_name(stored: FakeApi) -> None:
    assert b'"uid": "u"' in (web(stored) or b"")
    [asked] = stored.requests
    assert (asked.method, asked.path, asked.query) == ("GET", WEB, {})


def test_nothing_that_was_read_is_remembered(stored: FakeApi) -> None:
    async def twice(vmis: ClusterVMIs) -> tuple[bytes | None, bytes | None]:
        first = await vmis.get("shop", "web")
        await asyncio.to_thread(stored.store, WEB, {"metadata": {"name": "web", "uid": "another"}})
        return first, await vmis.get("shop", "web")

    first, second = run(stored, twice)
    assert b'"u"' in (first or b"")
    assert b'"another"' in (second or b"")


def test_a_vmi_that_is_not_there_is_none_only_when_it_was_said_twice(api: FakeApi) -> None:
    assert web(api) is None
    assert len(api.requests) == 2


def test_a_server_that_lags_behind_the_pod_is_asked_once_more(stored: FakeApi) -> None:
    stored.fail(WEB, 404)
    assert web(stored) is not None


def test_another_vmi_of_the_name_is_asked_about_like_one_that_is_not_there(stored: FakeApi) -> None:
    time = Time()

    async def asked(vmis: ClusterVMIs, name: str) -> tuple[int, float]:
        requests, began = len(stored.requests), time.now
        await vmis.get("shop", name, "of-somebody-else")
        return len(stored.requests) - requests, round(time.now - began, 6)

    async def both(vmis: ClusterVMIs) -> list[tuple[int, float]]:
        return [await asked(vmis, "web"), await asked(vmis, "none")]

    there, absent = run(stored, both, time=time)
    assert there == absent
    assert there[0] == 2


def test_the_vmi_that_was_meant_is_read_once(stored: FakeApi) -> None:
    stored.store(WEB, launchers.vmi(uid="u"))
    assert run(stored, lambda vmis: vmis.get("shop", "web", "u")) is not None
    assert len(stored.requests) == 1


@pytest.mark.parametrize("fault", [429, 500, 502, 503, 504, "cut"])
def test_what_may_pass_is_tried_again(stored: FakeApi, fault: int | str) -> None:
    stored.fail(WEB, fault, times=len(PAUSES))
    assert web(stored) is not None


@pytest.mark.parametrize(
    ("fault", "reason", "tries"),
    [
        (401, SkipReason.UNAUTHORIZED, 2),  # with a new token
        (403, SkipReason.FORBIDDEN, 1),
        (400, SkipReason.UNAVAILABLE, 1),
        (429, SkipReason.TOO_MANY_REQUESTS, 4),
        (500, SkipReason.UNAVAILABLE, 4),
        (503, SkipReason.UNAVAILABLE, 4),
        (504, SkipReason.TIMEOUT, 4),
        ("cut", SkipReason.UNREACHABLE, 4),
    ],
)
def test_every_failure_has_its_word_and_as_many_tries_as_are_of_use(
    stored: FakeApi, fault: int | str, reason: SkipReason, tries: int
) -> None:
    stored.fail(WEB, fault, times=99)
    error = refused(stored)
    assert error.reason is reason
    assert WEB in str(error)
    assert len(stored.requests) == tries


@pytest.mark.parametrize(("asks", "waited"), [("", [0.1, 0.3, 0.9]), ("1", [1.1, 1.3, 1.9]), ("2", [])])
def test_a_busy_server_is_left_alone_for_as_long_as_it_asks_or_not_asked_again(stored: FakeApi, asks: str, waited: list[float]) -> None:
    stored.retry_after = asks
    stored.fail(WEB, 429, times=99)
    time = Time(chance=0.5)
    assert refused(stored, time=time).reason is SkipReason.TOO_MANY_REQUESTS
    assert time.waited == waited


def test_a_server_that_does_not_answer_is_a_timeout(stored: FakeApi) -> None:
    stored.fail(WEB, "hang", times=99)
    assert refused(stored, read_seconds=0.05).reason is SkipReason.TIMEOUT


def test_a_server_that_hangs_once_is_given_up_for_another_try(stored: FakeApi) -> None:
    stored.fail(WEB, "hang")
    assert web(stored, read_seconds=1.0) is not None


def test_nobody_at_the_address_is_unreachable() -> None:
    with FakeApi() as gone:
        pass
    assert refused(gone).reason is SkipReason.UNREACHABLE


def test_failures_of_many_sorts_in_a_row_end_in_the_last_one(stored: FakeApi) -> None:
    for fault in (503, "cut", 404, 403):
        stored.fail(WEB, fault)
    assert refused(stored).reason is SkipReason.FORBIDDEN


class SecretContents:
    """Answers that wait until the test lets them go."""

    def __init__(self, api: FakeApi) -> None:
        self.open = threading.Event()
        api.answer = self.answer

    def answer(self, _asked: Asked) -> None:
        self.open.wait(30)


def test_pods_of_one_vmi_at_one_time_share_one_get(stored: FakeApi) -> None:
    held = SecretContents(stored)

    async def together(vmis: ClusterVMIs) -> list[bytes | None]:
        waiting = [asyncio.create_task(vmis.get("shop", "web")) for _ in range(20)]
        await asyncio.to_thread(eventually, lambda: len(stored.requests) == 1)
        held.open.set()
        return await asyncio.gather(*waiting)

    assert None not in run(stored, together)
    assert len(stored.requests) == 1


def test_a_pod_whose_time_is_over_does_not_take_the_vmi_from_another(stored: FakeApi) -> None:
    held = SecretContents(stored)

    async def one_leaves(vmis: ClusterVMIs) -> bytes | None:
        impatient, patient = (asyncio.create_task(vmis.get("shop", "web")) for _ in range(2))
        await asyncio.to_thread(eventually, lambda: len(stored.requests) == 1)
        impatient.cancel()
        await asyncio.wait([impatient])
        assert impatient.cancelled()
        held.open.set()
        return await patient

    assert run(stored, one_leaves) is not None
    assert len(stored.requests) == 1


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../../secrets/x", "a/b", "web?watch=1", "web#", "%2e%2e", "WEB", "web\n", "web%00", "a" * 254]
)
def test_what_is_no_name_never_becomes_a_path(stored: FakeApi, name: str) -> None:
    assert run(stored, lambda vmis: vmis.get("shop", name)) is None
    assert run(stored, lambda vmis: vmis.get(name, "web")) is None
    assert stored.requests == []


def test_a_trouble_that_many_pods_meet_is_logged_once(stored: FakeApi) -> None:
    stored.fail(WEB, 403, times=99)

    async def often(vmis: ClusterVMIs) -> list[Any]:
        return [await asyncio.gather(vmis.get("shop", "web"), return_exceptions=True) for _ in range(5)]

    with structlog.testing.capture_logs() as logs:
        run(stored, often)
    [told] = logs
    assert (told["event"], told["reason"], told["log_level"]) == ("VMIs cannot be read", "forbidden", "warning")
    assert "403" in told["problem"]


def test_all_pauses_together_leave_room_in_the_time_that_an_api_server_gives() -> None:
    assert sum(PAUSES) * 1.5 < 5 * 0.95 / 2


def test_it_is_a_source_of_vmis(api: FakeApi) -> None:
    async def sourced(vmis: VMISource) -> bytes | None:
        return await vmis.get("shop", "web")

    assert run(api, sourced) is None
