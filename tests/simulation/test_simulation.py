"""Whatever happens in a simulated cluster, what is promised holds; and a fault that is put into the product on purpose is found."""

import asyncio
import time
from typing import Any

import pytest

from tests.simulation.story import ViolationError, simulate
from tests.simulation.virtual_time import VirtualLoop, going_by
from webhook.admission import overhead_due
from webhook.cluster.leases import Election
from webhook.cluster.object_client import NamedObject
from webhook.cluster.single_flight import FreshRead
from webhook.runtime.registry.cluster import ClusterRegistry
from webhook.tls import managed

CHUNK = 10


@pytest.mark.parametrize("first", range(0, 200, CHUNK))
def test_whatever_happens_in_a_cluster_what_is_promised_holds(first: int) -> None:
    for seed in range(first, first + CHUNK):
        assert simulate(seed)["probes ready"]


@pytest.mark.parametrize("seed", [pytest.param(1_001_089, id="the Lease is deleted before its new holder has the answer to its write")])
def test_a_seed_that_once_failed_holds(seed: int) -> None:
    assert simulate(seed)["lose_lease"]


def test_a_seed_replays() -> None:
    assert simulate(3) == simulate(3)


def assert_found(invariant: str, *, within: int = 100) -> None:
    """One of the first seeds finds that an invariant does not hold, and prints itself."""
    violation = next((found for seed in range(within) if (found := violation_of(seed)) is not None), None)
    assert violation is not None
    assert violation.invariant == invariant
    assert f"python -m tests.simulation --seed {violation.seed}" in str(violation)


def violation_of(seed: int) -> ViolationError | None:
    try:
        simulate(seed)
    except ViolationError as violation:
        return violation
    return None


def test_a_denial_that_is_not_confirmed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(_self: FreshRead, _until: float) -> None:
        """Read nothing."""

    monkeypatch.setattr(FreshRead, "fresh", nothing)
    assert_found("no false denial")


def test_a_read_that_began_before_the_review_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks during a read takes its result, which may be older than his question."""
    whole = FreshRead.fresh

    async def shared(self: FreshRead, until: float) -> None:
        if self._reading is not None:
            await asyncio.wait({self._reading})
            return
        await whole(self, until)

    monkeypatch.setattr(FreshRead, "fresh", shared)
    assert_found("no false denial", within=400)


def test_a_pod_that_is_changed_twice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhead_due, "read_applied", lambda *_: {})
    assert_found("no pod changed twice")


def test_a_second_leader_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Election, "_has_expired", lambda *_: True)
    assert_found("one leader writes")


def test_a_write_that_does_not_say_what_was_read_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = NamedObject.change

    async def change(self: NamedObject, changes: Any, _version: str, **options: Any) -> bytes:
        return await whole(self, changes, None, **options)  # type: ignore[arg-type] # the fault

    monkeypatch.setattr(NamedObject, "change", change)
    assert_found("one leader writes")


def test_a_certificate_that_is_served_too_early_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(managed, "_may_be_served_by_another", lambda *_: False)
    assert_found("readiness never lies")


def test_a_readiness_without_a_registry_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ready(_self: ClusterRegistry) -> None:
        """All is well."""

    monkeypatch.setattr(ClusterRegistry, "check", ready)
    assert_found("readiness never lies")


def test_an_election_that_gives_up_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Election, "_try", _never)
    assert_found("it heals", within=1)


async def _never(_self: Election, _seconds: float) -> bool:
    return False


def test_the_clock_of_a_simulation_jumps_and_nobody_waits() -> None:
    loop = VirtualLoop()

    async def story() -> tuple[float, float]:
        began, on_the_wall = time.monotonic(), time.time()
        await asyncio.sleep(86_400)
        return time.monotonic() - began, time.time() - on_the_wall

    with going_by(loop), asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(story()) == pytest.approx((86_400, 86_400))


def test_a_simulation_that_stands_still_ends() -> None:
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner, pytest.raises(RuntimeError, match="stands still"):
        runner.run(asyncio.Event().wait())
