"""Leader election: who may work, and that nobody works who may not. The clock is the test's."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
import structlog
from kubernetes.client import Configuration

from tests.cluster.clocks import Time
from tests.cluster.fake_api import Asked, FakeApi
from tests.cluster.named_objects import LEASE, applying
from tests.cluster.stories import run, run_with, until
from webhook.cluster.api import ApiServer
from webhook.cluster.credentials import Credentials
from webhook.cluster.leases import LEASE_SECONDS, RENEW_SECONDS, RETRY_SECONDS, Election

FAR_PAST, FAR_FUTURE = "1999-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"


@pytest.fixture(autouse=True)
def _answers_apply(api: FakeApi) -> None:
    applying(api)


def election(
    server: ApiServer, identity: str = "we", clock: Time | None = None, unfit: Callable[[], str | None] = lambda: None
) -> Election:
    return Election(server, namespace="ns", name="bindguard", identity=identity, unfit=unfit, clock=(clock or Time()).clock)


class Spy(ApiServer):
    """A client of the fake that notes how long each of its calls may take."""

    def __init__(self, api: FakeApi) -> None:
        super().__init__(Credentials(Configuration(host=api.url)))
        self.seconds: list[float] = []

    async def get(self, path: str, query: Mapping[str, str] = MappingProxyType({}), *, seconds: float = 5.0) -> bytes:
        self.seconds.append(seconds)
        return await super().get(path, query, seconds=seconds)


def held_by(api: FakeApi, holder: str | None, **spec: Any) -> None:
    """Store the Lease as another candidate would have written it."""
    api.store(LEASE, {"metadata": {"labels": {"a": "b"}}, "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15, **spec}})


def spec(api: FakeApi) -> Any:
    return api.objects.get(LEASE, {}).get("spec", {})


class Work:
    """Endless work that notes when it ran."""

    def __init__(self, clock: Time) -> None:
        self._clock = clock
        self.began: list[float] = []
        self.ended: list[float] = []
        self.begins = asyncio.Event()

    async def __call__(self) -> None:
        self.began.append(self._clock.now)
        self.begins.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.append(self._clock.now)


def test_a_missing_lease_is_made_and_taken(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        one = election(server)
        assert await one._try(5)
        assert one.holder == "we"

    run(api, story)
    assert spec(api)["holderIdentity"] == "we"
    assert (spec(api)["leaseDurationSeconds"], spec(api)["leaseTransitions"]) == (15, 1)
    assert spec(api)["renewTime"] == spec(api)["acquireTime"]
    assert api.asked("POST") == []


@pytest.mark.parametrize("holder", [None, ""])
def test_a_lease_that_nobody_holds_is_taken_at_once_and_keeps_its_labels(api: FakeApi, holder: str | None) -> None:
    held_by(api, holder, leaseTransitions=7)
    assert run(api, lambda server: election(server)._try(5)) is True
    assert spec(api)["leaseTransitions"] == 8
    assert api.objects[LEASE]["metadata"]["labels"] == {"a": "b"}


@pytest.mark.parametrize("renewed", [FAR_PAST, FAR_FUTURE, "garbage", None])
def test_a_lease_runs_out_when_we_have_seen_it_unchanged_for_its_time_whatever_times_it_tells(api: FakeApi, renewed: str | None) -> None:
    held_by(api, "other", renewTime=renewed)

    async def story(server: ApiServer) -> list[bool]:
        clock = Time()
        one, took = election(server, clock=clock), []
        for _ in range(3):
            took.append(await one._try(5))
            clock.now += LEASE_SECONDS / 2
        return took

    assert run(api, story) == [False, False, True]
    assert spec(api)["holderIdentity"] == "we"


def test_a_lease_that_is_renewed_never_runs_out(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        clock = Time()
        one, other = election(server, "one", clock), election(server, "other", clock)
        assert await one._try(5)
        for _ in range(10):
            clock.now += 9
            assert await one._try(5)
            assert not await other._try(5)

    run(api, story)
    assert spec(api)["leaseTransitions"] == 1


@pytest.mark.parametrize(("seconds", "lasts"), [(0, 1), (-5, 1), (2**31 - 1, 60), (None, 15), (30, 30)])
def test_a_lease_lasts_as_it_says_within_reason(api: FakeApi, seconds: int | None, lasts: float) -> None:
    held_by(api, "other", leaseDurationSeconds=seconds)

    async def story(server: ApiServer) -> None:
        clock = Time()
        one = election(server, clock=clock)
        assert not await one._try(5)
        clock.now += lasts - 0.1
        assert not await one._try(5)
        clock.now += 0.2
        assert await one._try(5)

    run(api, story)


def test_of_two_that_take_it_in_the_same_moment_one_leads(api: FakeApi) -> None:
    held_by(api, None)
    other_is_quicker(api)
    assert run(api, lambda server: election(server)._try(5)) is False
    assert spec(api)["holderIdentity"] == "other"


def other_is_quicker(api: FakeApi) -> None:
    """Between our read and our write another candidate writes."""
    before = api.answer

    def answer(asked: Asked) -> Any:
        if asked.method == "PATCH":
            api.answer = before
            held_by(api, "other")
        return before(asked)

    api.answer = answer


def test_the_time_to_lead_counts_from_before_the_call_and_ends_before_the_lease(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        clock = Time()
        one = election(server, clock=clock)
        api.answer = _slowly(api, clock, 3)
        assert await one._try(5)
        clock.now = 1000 + RENEW_SECONDS - 0.1
        assert one.leads
        clock.now += 0.2
        assert not one.leads

    run(api, story)
    assert RENEW_SECONDS < LEASE_SECONDS


def _slowly(api: FakeApi, clock: Time, seconds: float) -> Any:
    before = api.answer

    def answer(asked: Asked) -> Any:
        if asked.method == "GET":
            clock.now += seconds
        return before(asked)

    return answer


@pytest.mark.parametrize("fault", [500, 403, 429, "cut", "no JSON", "[" * 10_000, '{"spec": {"holderIdentity": 5}}'])
def test_a_leader_that_cannot_renew_stops_its_work_before_another_may_begin(api: FakeApi, fault: int | str) -> None:
    clock = Time()
    work = Work(clock)

    async def story(server: ApiServer) -> None:
        one = election(server, clock=clock)
        running = asyncio.create_task(one.run(work))
        await work.begins.wait()
        api.fail(LEASE, fault, times=10_000)
        await until(lambda: bool(work.ended))
        assert one.problem is not None
        await _cancelled(running)

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    assert work.ended[0] - work.began[0] <= RENEW_SECONDS + 0.1
    assert [line["event"] for line in logs].count("election failed") == 1


async def _cancelled(running: "asyncio.Task[None]") -> None:
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()


def test_a_trouble_is_told_once_however_the_server_words_it(api: FakeApi) -> None:
    """A real one puts the object into its words, and with it the time of our try."""
    held_by(api, None)
    before, words = api.answer, iter(range(1000))
    api.answer = lambda asked: (422, {"message": f"invalid: {next(words)}"}) if asked.method == "PATCH" else before(asked)

    async def story(server: ApiServer) -> Election:
        one = election(server)
        for _ in range(5):
            assert not await one._try(5)
        return one

    with structlog.testing.capture_logs() as logs:
        one = run(api, story)
    assert [line["event"] for line in logs] == ["election failed"]
    assert "invalid: 4" in (one.problem or "")


def test_a_refusal_tells_what_to_grant_where_the_server_does_not(api: FakeApi) -> None:
    api.fail(LEASE, '{"kind":', times=1)
    api.answer = lambda _asked: (403, {"message": 'leases "bindguard" is forbidden: '})

    async def story(server: ApiServer) -> str | None:
        one = election(server)
        await one._try(5)
        await one._try(5)
        return one.problem

    with structlog.testing.capture_logs():
        problem = run(api, story)
    assert (problem or "").endswith(
        'leases "bindguard" is forbidden; let the user of this program get, create and patch Lease ns/bindguard (a Role and its binding)'
    )


@pytest.mark.parametrize("transitions", [2**31 - 1, 2**40])
def test_a_lease_that_has_changed_hands_as_often_as_can_be_written_is_taken_all_the_same(api: FakeApi, transitions: int) -> None:
    held_by(api, None, leaseTransitions=transitions)
    assert run(api, lambda server: election(server)._try(5)) is True
    assert spec(api)["leaseTransitions"] == 2**31 - 1


def test_a_leader_whose_lease_was_taken_stops_at_the_next_look(api: FakeApi) -> None:
    clock = Time()
    work = Work(clock)

    async def story(server: ApiServer) -> None:
        running = asyncio.create_task(election(server, clock=clock).run(work))
        await work.begins.wait()
        held_by(api, "other")
        await until(lambda: bool(work.ended))
        await _cancelled(running)

    run(api, story)
    assert spec(api)["holderIdentity"] == "other"
    assert work.ended[0] - work.began[0] <= RETRY_SECONDS, "it must not go on for as long as its own Lease would have lasted"


def test_a_leader_that_learns_of_another_no_longer_leads(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        one = election(server)
        assert await one._try(5)
        held_by(api, "other")
        assert not await one._try(5)
        assert not one.leads
        assert one.holder == "other"

    run(api, story)


def test_a_leader_that_gives_its_lease_back_no_longer_leads_though_the_api_server_is_away(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        one = election(server)
        assert await one._try(5)
        api.fail(LEASE, 500)
        await one._release()
        assert not one.leads

    run(api, story)
    assert spec(api)["holderIdentity"] == "we"


def test_a_lease_that_another_has_taken_is_not_given_back(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        one = election(server)
        assert await one._try(5)
        held_by(api, "other")
        await one._release()

    run(api, story)
    assert spec(api)["holderIdentity"] == "other"


def test_a_leader_that_is_told_to_stop_ends_its_work_and_gives_the_lease_back(api: FakeApi) -> None:
    clock = Time()
    work = Work(clock)

    async def story(server: ApiServer) -> bool:
        running = asyncio.create_task(election(server, clock=clock).run(work))
        await work.begins.wait()
        await _cancelled(running)
        assert work.ended
        assert spec(api)["holderIdentity"] == ""
        return await election(server, "next")._try(5)

    assert run(api, story) is True


def test_a_candidate_that_never_led_leaves_the_lease_alone_when_it_stops(api: FakeApi) -> None:
    held_by(api, "other")

    async def story(server: ApiServer) -> None:
        running = asyncio.create_task(election(server).run(Work(Time())))
        await until(lambda: bool(api.asked("GET", LEASE)))
        await _cancelled(running)

    run(api, story)
    assert spec(api)["holderIdentity"] == "other"
    assert api.asked("PATCH") == []


def test_one_that_is_not_fit_does_not_stand_and_a_leader_that_becomes_unfit_steps_down(api: FakeApi) -> None:
    clock = Time()
    work = Work(clock)
    reasons: list[str] = ["the clock is wrong"]

    async def story(server: ApiServer) -> None:
        one = election(server, clock=clock, unfit=lambda: reasons[0] if reasons else None)
        running = asyncio.create_task(one.run(work))
        for _ in range(20):
            await asyncio.sleep(0)
        assert api.requests == []
        reasons.clear()
        await work.begins.wait()
        reasons.append("the clock is wrong")
        await until(lambda: spec(api)["holderIdentity"] == "")
        await _cancelled(running)

    run(api, story)
    assert len(work.began) == len(work.ended) == 1


def test_work_that_fails_is_told_and_the_lease_given_back(api: FakeApi) -> None:
    async def work() -> None:
        raise LookupError("a bug")

    async def story(server: ApiServer) -> None:
        running = asyncio.create_task(election(server).run(work))
        await until(lambda: spec(api).get("holderIdentity") == "")
        await _cancelled(running)

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    assert "the work failed: LookupError: a bug" in [line.get("reason") for line in logs]


def test_the_times_are_those_of_kubernetes_own_leaders() -> None:
    """`DefaultLeaseDuration` and what stands beside it in client-go."""
    assert (LEASE_SECONDS, RENEW_SECONDS, RETRY_SECONDS) == (15, 10, 2)


def test_before_the_first_look_nobody_is_known_to_hold_the_lease_and_after_giving_it_back_nobody_holds_it(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        one = election(server)
        assert one.holder == ""
        assert await one._try(5)
        await one._release()
        assert one.holder == ""

    run(api, story)


def test_a_lease_is_made_as_the_object_that_it_is(api: FakeApi) -> None:
    run(api, lambda server: election(server)._try(5))
    [made] = [asked for asked in api.asked("PATCH") if "apply" in asked.headers["Content-Type"]]
    assert json.loads(made.body) == {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "bindguard"}}


def test_a_lease_that_is_given_back_lasts_for_a_second_and_says_when(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        one = election(server)
        await one._try(5)
        await one._release()

    run(api, story)
    assert spec(api)["leaseDurationSeconds"] == 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", spec(api)["renewTime"])


def test_a_call_ends_with_the_leadership_at_the_latest_and_after_half_of_it_otherwise(api: FakeApi) -> None:
    """A call that hangs must not have the work go on when another may begin."""
    clock = Time()
    work = Work(clock)
    spies: list[Spy] = []

    def client() -> Spy:
        spies.append(Spy(api))
        return spies[0]

    async def story(server: ApiServer) -> None:
        one = election(server, clock=clock)
        running = asyncio.create_task(one.run(work))
        await work.begins.wait()
        await until(lambda: len(server.seconds) > 4)  # type: ignore[attr-defined] # it is the spy
        api.fail(LEASE, 500, times=10_000)
        await until(lambda: bool(work.ended))
        await _cancelled(running)

    with structlog.testing.capture_logs():
        run_with(client, story)
    [spy] = spies
    assert max(spy.seconds) == RENEW_SECONDS / 2
    assert [seconds for seconds in spy.seconds if seconds < RENEW_SECONDS / 2][:2] == [4.0, 2.0]


def test_a_leader_stops_at_its_time_though_that_is_between_two_looks(api: FakeApi) -> None:
    clock = Time()
    work, stood_at = Work(clock), clock.now

    async def story(server: ApiServer) -> None:
        running = asyncio.create_task(election(server, clock=clock).run(work))
        await work.begins.wait()
        api.answer = lambda _asked: (500, {"message": "slow"}) if _waits(clock, 0.4) else None
        await until(lambda: bool(work.ended))
        await _cancelled(running)

    with structlog.testing.capture_logs():
        run(api, story)
    assert work.ended[0] - stood_at <= RENEW_SECONDS + 0.1


def _waits(clock: Time, seconds: float) -> bool:
    clock.now += seconds
    return True


def _is_taken(api: FakeApi) -> None:
    held_by(api, "other")


def _is_away(api: FakeApi) -> None:
    api.fail(LEASE, 500, times=10_000)


@pytest.mark.parametrize(
    ("happens", "reason"), [(_is_taken, "other has taken it"), (_is_away, "HTTP 500")], ids=["another has taken it", "no answer"]
)
def test_why_a_leader_no_longer_leads_is_logged_as_a_warning(api: FakeApi, happens: Callable[[FakeApi], None], reason: str) -> None:
    clock = Time()
    work = Work(clock)

    async def story(server: ApiServer) -> None:
        running = asyncio.create_task(election(server, clock=clock).run(work))
        await work.begins.wait()
        happens(api)
        await until(lambda: "no longer leader" in [line["event"] for line in logs])
        await _cancelled(running)

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    [line] = [line for line in logs if line["event"] == "no longer leader"]
    assert line["log_level"] == "warning"
    assert reason in line["reason"]


def test_a_leader_that_becomes_unfit_logs_why(api: FakeApi) -> None:
    clock = Time()
    work = Work(clock)
    reasons: list[str] = []

    async def story(server: ApiServer) -> None:
        running = asyncio.create_task(election(server, clock=clock, unfit=lambda: reasons[0] if reasons else None).run(work))
        await work.begins.wait()
        reasons.append("the clock is wrong")
        await until(lambda: "no longer leader" in [line["event"] for line in logs])
        await _cancelled(running)

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    assert [line["reason"] for line in logs if line["event"] == "no longer leader"] == ["the clock is wrong"]


def test_a_beginning_and_a_wanted_end_are_information(api: FakeApi) -> None:
    work = Work(Time())

    async def story(server: ApiServer) -> None:
        running = asyncio.create_task(election(server).run(work))
        await work.begins.wait()
        await _cancelled(running)

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    both = {"lease": "Lease ns/bindguard", "identity": "we", "log_level": "info"}
    assert logs == [both | {"event": "became leader"}, both | {"event": "no longer leader", "reason": "stopped"}]


def test_a_failure_is_forgotten_after_a_success_and_logged_again_when_it_comes_again(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        one = election(server)
        for _ in range(2):
            api.fail(LEASE, 500)
            await one._try(5)
            assert one.problem is not None
            await one._try(5)
            assert one.problem is None

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    assert [line["event"] for line in logs] == ["election failed"] * 2


def test_another_that_was_quicker_is_no_problem(api: FakeApi) -> None:
    held_by(api, None)
    other_is_quicker(api)

    async def story(server: ApiServer) -> str | None:
        one = election(server)
        await one._try(5)
        return one.problem

    with structlog.testing.capture_logs() as logs:
        assert run(api, story) is None
    assert logs == []


def test_a_lease_that_is_deleted_as_soon_as_it_is_made_is_tried_again(api: FakeApi) -> None:
    before = api.answer
    api.answer = lambda asked: (404, {}) if asked.method == "GET" else before(asked)

    async def story(server: ApiServer) -> None:
        one = election(server)
        await one._try(5)
        assert "cannot be understood" not in (one.problem or "")
        api.answer = before
        assert await one._try(5)

    with structlog.testing.capture_logs():
        run(api, story)
