"""The registry of a cluster under hostile CRs and API servers: no traceback, no flood of lines, nothing that grows."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.cluster.fake_api import FakeApi
from tests.cluster.kubevirt_crs import CR, KUBEVIRTS, bookmark, event, kubevirt
from tests.cluster.stories import until
from tests.runtime.registry.test_cluster import RED, Counts, answer, during, plugins
from webhook.cluster.clock import CLOCK
from webhook.cluster.kubevirts import State
from webhook.runtime.registry.cluster import ClusterRegistry

REAL_TIME: Any = {"clock": CLOCK}


def deep(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"a": value}
    return value


HOSTILE: dict[str, Any] = {
    "many": {f"plugin-{number}": {"sidecarImage": "x" * 50} for number in range(10_000)},
    "long": {"x" * 500_000: {"sidecarImage": "y" * 500_000}},
    "control characters": {"a\nb\x1b[31m": {}, "\u202e\u2028": {"domainAttachmentType": "\x00"}, "": {}},
    "deep": {"a": {"computeResourceOverhead": {"requests": deep(400)}}},
    "other types": {"a": 5, "b": [], "c": None, "d": "x", "e": {"migration": 5, "computeResourceOverhead": {"requests": {"memory": []}}}},
    "huge numbers": {"a": {"computeResourceOverhead": {"requests": {"memory": 10**30, "cpu": "-1e999"}}}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_registered_a_registry_comes_of_it_and_denials_are_one_line_each(api: FakeApi, name: str) -> None:
    api.store(CR, kubevirt(HOSTILE[name]))

    async def story(made: ClusterRegistry) -> None:
        assert len(plugins(made)) == len(HOSTILE[name])
        told = await answer(made, RED)
        assert told["allowed"] is False
        assert "\x1b" not in told["status"]["message"]
        assert len(told["status"]["message"]) < 10_000

    with capture_logs() as logs:
        during(api, story, **REAL_TIME)
    assert [line["event"] for line in logs] == ["registry changed"]


@pytest.mark.parametrize(
    "changes",
    [
        {"spec": "x"},
        {"spec": {"configuration": []}},
        {"spec": {"configuration": {"network": {"binding": [1]}}}},
        {"status": {"phase": {"a": 1}, "observedKubeVirtVersion": [1], "targetKubeVirtVersion": 7}, "spec": 5},
    ],
)
def test_a_cr_whose_plugins_cannot_be_told_denies_nobody(api: FakeApi, changes: dict[str, Any]) -> None:
    api.store(CR, kubevirt() | changes)

    async def story(made: ClusterRegistry) -> None:
        assert made.state is State.UNREADABLE
        assert (await answer(made, RED))["allowed"] is True

    with capture_logs() as logs:
        during(api, story, **REAL_TIME)
    assert [line["log_level"] for line in logs] == ["error"]


def test_a_watch_that_is_refused_again_and_again_is_told_once_and_listings_keep_the_registry_right(api: FakeApi) -> None:
    api.store(CR, kubevirt({"passt": {}}))

    async def story(made: ClusterRegistry) -> None:
        api.watch_fault = 403
        api.cut_watches()
        await until(lambda: len(api.requests) > 20)
        await until(lambda: "let the user of this program get, list and watch kubevirts.kubevirt.io" in (made.problem or ""))
        api.watch_fault = None
        await until(lambda: api.watches() == 1)
        api.store(CR, kubevirt({"passt": {}, "red": {}}))
        await until(lambda: plugins(made) == {"passt", "red"})

    with capture_logs() as logs:
        during(api, story)
    told = [line["event"] for line in logs]
    assert told == ["registry changed", "registry not followed", "registry followed again", "registry changed"]


def test_events_that_come_twice_late_or_of_strangers_change_nothing_that_is_true(api: FakeApi) -> None:
    api.store(CR, kubevirt({"passt": {}}))
    stranger = kubevirt({}, name="stranger", resource_version="150", phase=None)

    async def story(made: ClusterRegistry) -> None:
        for kind in ("MODIFIED", "MODIFIED", "ADDED"):
            api.emit(KUBEVIRTS, event(kind, kubevirt({"passt": {}}, resource_version="149")))
        api.emit(KUBEVIRTS, event("DELETED", stranger))
        api.emit(KUBEVIRTS, bookmark("150"))
        await until(lambda: made.rule_set.version == "149")
        assert (plugins(made), made.state, made.problem) == ({"passt"}, State.ONE, None)

    during(api, story)


def test_a_cr_that_is_made_anew_in_a_restored_etcd_counts_though_its_version_is_lower(api: FakeApi) -> None:
    api.version = 1000
    api.store(CR, kubevirt({"passt": {}}))

    async def story(made: ClusterRegistry) -> None:
        api.version = 200
        api.objects.clear()
        api.store(CR, kubevirt({"red": {}}))
        await until(lambda: plugins(made) == {"red"})
        assert made.rule_set.version == "201"

    during(api, story)


def test_nothing_grows_with_the_number_of_watches(api: FakeApi) -> None:
    api.store(CR, kubevirt())
    counts = Counts()

    async def story(made: ClusterRegistry) -> None:
        before = _held()
        for fault in ("", "no JSON", "cut", 410):
            api.fail(KUBEVIRTS, fault, times=50)
            api.cut_watches()
            begun = len(counts.counted)
            await until(lambda begun=begun: len(counts.counted) > begun + 50 and api.watches() == 1)  # type: ignore[misc]
        assert made.problem is None or made.state is State.ONE
        assert _held() <= before + 3

    with capture_logs():
        during(api, story, tally=counts)


def _held() -> int:
    """Tasks and open files."""
    return len(asyncio.all_tasks()) + len([*Path("/proc/self/fd").iterdir()])
