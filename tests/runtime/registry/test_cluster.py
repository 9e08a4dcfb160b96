"""The registry of a cluster: always what the cluster has, or what it last had, with its age; never a denial by an old one."""

import asyncio
import contextlib
import json
import time as system
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.admission.reviews import GOOD, review, vm_object
from tests.builders import interface
from tests.cluster.clocks import Time
from tests.cluster.fake_api import FakeApi
from tests.cluster.kubevirt_crs import CR, KUBEVIRTS, TAP, bookmark, kubevirt
from tests.cluster.stories import running, until
from webhook.admission.confirmation import TRUSTED_SECONDS, UnconfirmedError
from webhook.cluster.clock import CLOCK, Clock
from webhook.cluster.kubevirts import State
from webhook.http.reviewers import Validating, finished
from webhook.plugins.plugin import ComputeResourceOverhead
from webhook.rules.base import Action
from webhook.runtime.registry.cluster import KEEP_SECONDS, ClusterRegistry
from webhook.runtime.registry.last_good import LastGood, StoredRegistry
from webhook.runtime.registry.options import ClusterRegistryOptions, RuleActions

LONG = 30.0
BLUE = review(vm_object(GOOD))
RED = review(vm_object(interface(binding={"name": "red"})))


class Counts:
    """What is counted, in order."""

    def __init__(self) -> None:
        self.counted: list[str] = []

    def registry_listed(self) -> None:
        self.counted.append("listed")

    def registry_restarted(self, reason: str) -> None:
        self.counted.append(f"restarted {reason}")

    def registry_read(self, outcome: str) -> None:
        self.counted.append(f"read {outcome}")


@contextlib.asynccontextmanager
async def registry(api: FakeApi, **options: Any) -> AsyncIterator[ClusterRegistry]:
    """A registry that follows the fake; on a clock of its own unless told otherwise."""
    server = api.connection()
    made = ClusterRegistry(server, ClusterRegistryOptions(**{"clock": Time().clock, **options}))
    async with running(server, made.run()):
        yield made


def during(api: FakeApi, story: Callable[[ClusterRegistry], Awaitable[None]], *, watched: bool = True, **options: Any) -> None:
    """Tell a story about a registry, which begins with an open watch."""

    async def told() -> None:
        async with registry(api, **options) as made:
            if watched:
                await until(lambda: api.watches() == 1)
            await story(made)

    asyncio.run(told())


def plugins(made: ClusterRegistry) -> set[str]:
    return set(made.rule_set.registry.plugins)


async def answer(made: ClusterRegistry, body: bytes, seconds: float = LONG) -> dict[str, Any]:
    """The response to a review, as the API server gets it."""
    begun = Validating(lambda: made.rule_set, frozenset(), made.confirm).begin(body)
    reviewed = await finished(begun, system.monotonic() + seconds)
    response: dict[str, Any] = json.loads(reviewed.body)["response"]
    return response


def test_the_registry_is_that_of_the_cr(api: FakeApi) -> None:
    api.store(CR, kubevirt({"passt": {}}))
    overheads = {"passt": ComputeResourceOverhead(requests={"cpu": "1"})}

    async def story(made: ClusterRegistry) -> None:
        book = made.rule_set
        assert (plugins(made), made.state, made.problem, await made.check()) == ({"passt"}, State.ONE, None, None)
        assert (book.version, book.supplementary, book.unchecked) == ("101", overheads, "")
        assert book.launcher_creators == frozenset({"system:serviceaccount:kubevirt:kubevirt-controller"})
        assert book.registry.source == f"KubeVirt kubevirt/kubevirt in {api.url}"
        assert "unregistered-plugin" in book.plan.actions

    during(api, story, supplementary=overheads)


def test_the_choices_of_the_settings_count(api: FakeApi) -> None:
    api.store(CR, kubevirt())

    async def story(made: ClusterRegistry) -> None:
        assert made.rule_set.plan.actions["unregistered-plugin"] is Action.WARN

    during(api, story, choices=RuleActions(actions={"unregistered-plugin": Action.WARN}))


def test_a_change_is_one_swap_and_what_changes_nothing_keeps_the_plan(api: FakeApi) -> None:
    api.store(CR, kubevirt())
    time = Time()

    async def story(made: ClusterRegistry) -> None:
        before = made.rule_set
        time.now += 5
        api.store(CR, kubevirt(annotations={"a": "b"}))
        await until(lambda: made.rule_set.version == "102")
        assert made.rule_set.plan is before.plan
        assert made.rule_set.read_at == before.read_at + 5
        api.store(CR, kubevirt({"passt": {}}))
        await until(lambda: plugins(made) == {"passt"})
        assert made.rule_set.plan.registry is made.rule_set.registry
        assert set(before.registry.plugins) == {"blue"}

    during(api, story, clock=time.clock)


def test_a_bookmark_is_a_sign_of_life(api: FakeApi) -> None:
    api.store(CR, kubevirt())
    time = Time()

    async def story(made: ClusterRegistry) -> None:
        before = made.rule_set
        time.now += 30
        api.emit(KUBEVIRTS, bookmark("150"))
        await until(lambda: made.rule_set.read_at == before.read_at + 30)
        assert (made.rule_set.version, made.rule_set.plan) == (before.version, before.plan)

    during(api, story, clock=time.clock)


async def assert_nobody_is_denied(made: ClusterRegistry, state: State) -> None:
    await until(lambda: made.state is state)
    told = await answer(made, RED)
    assert told["allowed"] is True
    [warning] = told["warnings"]
    assert warning.startswith(
        'VirtualMachine default/vm: spec.template.spec.domain.devices.interfaces[0].binding.name: plugin "red" was not checked, '
    )
    assert warning.endswith("[Bindguard unregistered-plugin]")
    assert "warnings" not in await answer(made, review(vm_object(interface(masquerade={}))))
    assert made.problem == made.rule_set.unchecked
    assert await made.check() is None


def test_without_a_cr_that_counts_nobody_is_denied_and_who_names_a_plugin_is_warned_once(api: FakeApi) -> None:
    async def story(made: ClusterRegistry) -> None:
        await assert_nobody_is_denied(made, State.NONE)
        api.store(CR, kubevirt(phase=None))
        await assert_nobody_is_denied(made, State.NOT_DEPLOYED)
        api.store(CR, kubevirt())
        await until(lambda: made.state is State.ONE)
        api.store(f"{CR}-2", kubevirt(name="kubevirt-2"))
        await assert_nobody_is_denied(made, State.SEVERAL)
        api.remove(f"{CR}-2")
        await until(lambda: made.state is State.ONE)
        api.store(CR, kubevirt(deletionTimestamp="2026-01-01T00:00:00Z"))
        await assert_nobody_is_denied(made, State.DELETING)
        api.remove(CR)
        await assert_nobody_is_denied(made, State.NONE)

    with capture_logs() as logs:
        during(api, story)
    unknown = [(line["state"], line["log_level"]) for line in logs if line["event"] == "no plugin is looked up"]
    levels = [("none", "warning"), ("not-deployed", "warning"), ("several", "error"), ("deleting", "warning"), ("none", "warning")]
    assert unknown == levels


def test_nobody_is_warned_who_has_switched_the_rule_off(api: FakeApi) -> None:
    async def story(made: ClusterRegistry) -> None:
        await until(lambda: made.state is State.NONE)
        assert "warnings" not in await answer(made, RED)

    during(api, story, choices=RuleActions(actions={"unregistered-plugin": Action.OFF}))


def test_without_the_kind_there_is_no_kubevirt_until_it_is_installed(api: FakeApi) -> None:
    api.store(CR, kubevirt())
    api.fail(KUBEVIRTS, 404, times=3)

    async def story(made: ClusterRegistry) -> None:
        await until(lambda: made.state is State.NOT_INSTALLED)
        assert await made.check() is None
        assert made.problem == made.rule_set.unchecked
        assert "install it" in made.rule_set.unchecked
        await until(lambda: made.state is State.ONE)
        assert made.problem is None

    time = Time()
    with capture_logs() as logs:
        during(api, story, watched=False, clock=time.clock._replace(sleep=lambda _: asyncio.sleep(0.05)))
    assert [line["reason"] for line in logs if line["event"] == "registry not followed"] == ["not-found"]


def test_a_cr_that_was_just_read_outlasts_a_404_and_no_longer_than_it_is_trusted(api: FakeApi) -> None:
    api.store(CR, kubevirt())
    time = Time()

    async def story(made: ClusterRegistry) -> None:
        read_at = made.rule_set.read_at
        api.fail(KUBEVIRTS, 404, times=1000)
        api.cut_watches()
        await until(lambda: made.problem is not None)
        while time.now - read_at < TRUSTED_SECONDS - 10:
            assert made.state is State.ONE
            await asyncio.sleep(0)
        await until(lambda: made.state is State.NOT_INSTALLED)
        assert time.now - read_at > TRUSTED_SECONDS
        assert (await answer(made, RED))["allowed"] is True

    during(api, story, clock=time.clock)


def test_what_must_not_be_listed_is_told_with_what_to_grant_once_and_is_not_ready(api: FakeApi) -> None:
    api.store(CR, kubevirt())
    api.fail(KUBEVIRTS, 403, times=1000)

    async def story(made: ClusterRegistry) -> None:
        await until(lambda: len(api.requests) > 5)
        told = await made.check()
        assert told is not None
        assert "HTTP 403" in told
        assert "get, list and watch kubevirts.kubevirt.io in all namespaces" in told
        assert (await answer(made, RED))["allowed"] is True
        api.mend()
        await until(lambda: made.state is State.ONE)
        assert (await made.check(), made.problem) == (None, None)

    with capture_logs() as logs:
        during(api, story, watched=False)
    told = [line["event"] for line in logs if line["event"].startswith("registry")]
    assert told == ["registry not followed", "registry followed again", "registry changed"]


def test_an_outage_leaves_the_registry_in_service_with_its_age_and_its_problem(api: FakeApi) -> None:
    api.store(CR, kubevirt())
    time = Time()

    async def story(made: ClusterRegistry) -> None:
        before = made.rule_set
        api.fail("/", "cut", times=1000)
        api.cut_watches()
        await until(lambda: time.now - before.read_at > 60)
        assert made.rule_set is before
        assert await made.check() is None
        assert made.problem is not None
        api.mend()
        await until(lambda: made.problem is None)

    during(api, story, clock=time.clock)


def test_everything_is_counted(api: FakeApi) -> None:
    api.store(CR, kubevirt())
    counts = Counts()

    async def story(made: ClusterRegistry) -> None:
        api.fail(KUBEVIRTS, 410)
        api.cut_watches()
        await until(lambda: counts.counted.count("listed") == 2)
        await until(lambda: api.watches() == 1)
        await made.confirm(system.monotonic() + LONG)

    during(api, story, tally=counts)
    assert counts.counted == ["listed", "restarted ended", "restarted gone", "listed", "read ok"]


def test_a_plugin_registered_a_moment_ago_is_never_denied_though_no_watch_has_told_it(api: FakeApi) -> None:
    api.store(CR, kubevirt())

    async def story(made: ClusterRegistry) -> None:
        api.objects[CR] = kubevirt({"red": TAP}, resource_version="201")
        api.version = 201
        told = await answer(made, RED)
        assert (told["allowed"], told["auditAnnotations"]["confirmation"]) == (True, "spared")
        assert told["auditAnnotations"]["registry"] == "201"
        assert plugins(made) == {"red"}

    during(api, story, clock=CLOCK)


def test_a_denial_stands_on_a_registry_that_was_read_after_the_review_came(api: FakeApi) -> None:
    api.store(CR, kubevirt(labels={"app.kubernetes.io/managed-by": "hco-operator"}))

    async def story(made: ClusterRegistry) -> None:
        lists = len(api.requests)
        assert (await answer(made, BLUE))["allowed"] is True
        assert len(api.requests) == lists
        told = await answer(made, RED)
        assert (told["allowed"], told["auditAnnotations"]["confirmation"]) == (False, "denied")
        assert 'register "red" in the HyperConverged CR (spec.networkBinding' in told["auditAnnotations"]["help-for-admins"]
        assert len(api.requests) == lists + 1

    during(api, story, clock=CLOCK)


@pytest.mark.parametrize("fault", [403, 404, 500, "cut", "hang", "no JSON"])
def test_a_denial_that_cannot_be_confirmed_stands_on_what_was_known_a_moment_ago(api: FakeApi, fault: int | str) -> None:
    api.store(CR, kubevirt())

    async def story(made: ClusterRegistry) -> None:
        api.fail(KUBEVIRTS, fault, times=1000)
        asked_at = system.monotonic()
        told = await answer(made, RED, seconds=0.5 if fault == "hang" else LONG)
        assert fault != "hang" or system.monotonic() < asked_at + 0.5
        assert (told["allowed"], told["auditAnnotations"]["confirmation"]) == (False, "failed")
        assert "s ago, which could not be read again)" in told["status"]["message"]

    during(api, story, clock=CLOCK)


def test_one_failed_read_is_tried_again(api: FakeApi) -> None:
    api.store(CR, kubevirt())
    counts = Counts()

    async def story(made: ClusterRegistry) -> None:
        api.fail(KUBEVIRTS, "cut")
        assert (await answer(made, RED))["allowed"] is False

    during(api, story, clock=CLOCK, tally=counts)
    assert counts.counted == ["listed", "read unavailable", "read ok"]


def test_a_flood_of_denials_is_a_few_reads(api: FakeApi) -> None:
    api.store(CR, kubevirt())

    async def story(made: ClusterRegistry) -> None:
        before = len(api.requests)
        told = await asyncio.gather(*(answer(made, RED) for _ in range(200)))
        assert {each["allowed"] for each in told} == {False}
        assert len(api.requests) - before <= 2

    during(api, story, clock=CLOCK)


def test_each_waits_no_longer_than_its_own_time(api: FakeApi) -> None:
    api.store(CR, kubevirt())

    async def story(made: ClusterRegistry) -> None:
        api.fail(KUBEVIRTS, "hang")
        with pytest.raises(UnconfirmedError):
            await made.confirm(system.monotonic() + 0.05)
        with pytest.raises(UnconfirmedError):
            await made.confirm(system.monotonic() - 1)

    during(api, story, clock=CLOCK)


def at(wall: float, time: Time | None = None) -> Clock:
    """A clock at this Unix time, which stands still."""
    return (time or Time()).clock._replace(wall=lambda: wall)


def test_a_restart_during_an_outage_serves_what_was_kept_with_its_true_age(api: FakeApi, tmp_path: Path) -> None:
    api.store(CR, kubevirt({"passt": {}}))

    async def before(made: ClusterRegistry) -> None:
        await until((tmp_path / "registry.json").exists)
        assert not made.restored

    during(api, before, clock=at(5000.0), last_good=LastGood(str(tmp_path)))
    api.fail("/", "cut", times=1000)
    time = Time()

    async def after(made: ClusterRegistry) -> None:
        await until(lambda: made.restored)
        assert (plugins(made), made.rule_set.version, await made.check()) == ({"passt"}, "101", None)
        assert made.problem is not None
        assert 600 <= time.now - made.rule_set.read_at <= 700
        api.mend()
        await until(lambda: made.problem is None)
        assert not made.restored
        assert time.now - made.rule_set.read_at < 10

    with capture_logs() as logs:
        during(api, after, watched=False, clock=at(5600.0, time), last_good=LastGood(str(tmp_path)))
    [told] = [line for line in logs if line["event"] == "serving the last good registry"]
    assert (told["age_seconds"], told["version"]) == (600, "101")


def test_a_start_while_the_api_server_hangs_serves_what_was_kept_before_the_first_listing_is_over_and_says_so(
    api: FakeApi, tmp_path: Path
) -> None:
    kept = StoredRegistry(api.url, 5000.0, "101", [kubevirt({"passt": {}}, resource_version="101")])
    LastGood(str(tmp_path)).write(kept)
    api.fail(KUBEVIRTS, "hang")

    async def story(made: ClusterRegistry) -> None:
        assert await made.check() == "the KubeVirt CR has not been read yet"
        await until(lambda: made.restored)
        assert (plugins(made), await made.check()) == ({"passt"}, None)
        assert made.problem == "no list has succeeded since the start: this is the registry that was kept on disk"
        await until(lambda: len(api.requests) == 1)

    with capture_logs() as logs:
        during(api, story, watched=False, clock=at(5600.0), last_good=LastGood(str(tmp_path)))
    assert [line["event"] for line in logs] == ["serving the last good registry"]


@pytest.mark.parametrize(("age", "state"), [(TRUSTED_SECONDS - 60, State.ONE), (TRUSTED_SECONDS + 60, State.NOT_INSTALLED)])
def test_a_404_at_the_start_takes_nothing_away_that_was_read_a_moment_before(
    api: FakeApi, tmp_path: Path, age: float, state: State
) -> None:
    LastGood(str(tmp_path)).write(StoredRegistry(api.url, 5000.0, "101", [kubevirt({"passt": {}}, resource_version="101")]))
    api.fail(KUBEVIRTS, 404, times=1000)
    counts = Counts()

    async def story(made: ClusterRegistry) -> None:
        await until(lambda: "restarted not-found" in counts.counted)
        assert (made.state, made.restored) == (state, state is State.ONE)

    during(api, story, watched=False, clock=at(5000.0 + age), last_good=LastGood(str(tmp_path)), tally=counts)


def test_a_wall_clock_that_went_back_makes_no_negative_age(api: FakeApi, tmp_path: Path) -> None:
    api.store(CR, kubevirt())

    async def kept(_: ClusterRegistry) -> None:
        await until((tmp_path / "registry.json").exists)

    during(api, kept, clock=at(5000.0), last_good=LastGood(str(tmp_path)))
    api.fail("/", "cut", times=1000)
    time = Time()

    async def after(made: ClusterRegistry) -> None:
        await until(lambda: made.restored)
        assert made.rule_set.read_at <= time.now

    during(api, after, watched=False, clock=at(1.0, time), last_good=LastGood(str(tmp_path)))


def test_without_a_file_an_outage_at_the_start_is_not_ready(api: FakeApi, tmp_path: Path) -> None:
    api.fail("/", 503, times=1000)

    async def story(made: ClusterRegistry) -> None:
        await until(lambda: len(api.requests) > 3)
        assert "HTTP 503" in str(await made.check())

    with capture_logs() as logs:
        during(api, story, watched=False, last_good=LastGood(str(tmp_path)))
    assert sorted(line["event"] for line in logs) == ["no last good registry", "registry not followed"]


def test_the_file_is_written_again_when_its_age_would_be_wrong_and_not_more_often(api: FakeApi, tmp_path: Path) -> None:
    api.store(CR, kubevirt())
    time, file = Time(), tmp_path / "registry.json"

    async def story(made: ClusterRegistry) -> None:
        await until(file.exists)
        first = file.read_bytes()
        time.now += 1
        api.emit(KUBEVIRTS, bookmark("150"))
        await until(lambda: made.rule_set.read_at == time.now)
        assert file.read_bytes() == first
        time.now += KEEP_SECONDS
        api.emit(KUBEVIRTS, bookmark("160"))
        await until(lambda: json.loads(file.read_bytes())["readAt"] > json.loads(first)["readAt"])

    during(api, story, clock=time.clock, last_good=LastGood(str(tmp_path)))
