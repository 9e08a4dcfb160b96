"""The managed Secret is deleted, and no replica is left: new replicas do not wait for a certificate that nobody serves."""

import contextlib
import signal

import pytest

from tests.e2e.control_plane import ControlPlane
from tests.e2e.installation import SECRET, Installation
from tests.e2e.objects import vm
from tests.e2e.verbs import UNPROCESSABLE, evaluated, is_renewed, leaf, start
from tests.runtime.server import Server, eventually

NEVER = 3600.0
"""Seconds that a new CA settles here: a replica that waited for it would not be ready before the test gives up."""


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Lease that was not given back is waited for, for 15 s, and then a certificate that somebody may put back, for 20 s."""
    monkeypatch.setattr(Server, "patience", 120.0)


def test_a_secret_that_is_deleted_while_no_replica_runs_holds_up_nobody(cluster: ControlPlane, installed: Installation) -> None:
    with contextlib.ExitStack() as stack:
        start(cluster, installed, stack, ["a", "b"])
    before = leaf(cluster)
    assert cluster.client.delete(SECRET).is_success
    _serves_again(cluster, installed)
    assert is_renewed(cluster, before)


def test_a_secret_that_is_deleted_before_every_replica_is_killed_holds_up_nobody(cluster: ControlPlane, installed: Installation) -> None:
    with contextlib.ExitStack() as stack:
        start(cluster, installed, stack, ["c"])
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(installed.replica(name, managedSettleSeconds=NEVER)) for name in ("c", "d")]
        before = leaf(cluster)
        assert cluster.client.delete(SECRET).is_success
        eventually(lambda: leaf(cluster) == before)  # put back, while a new CA settles
        for server in servers:
            server.signal(signal.SIGKILL)
    _serves_again(cluster, installed)
    assert leaf(cluster) == before


def _serves_again(cluster: ControlPlane, installed: Installation) -> None:
    """Two new replicas are ready, and the API server has their answers."""
    with contextlib.ExitStack() as stack:
        for name in ("e", "f"):
            stack.enter_context(installed.replica(name, managedSettleSeconds=NEVER))
        eventually(lambda: evaluated(cluster, vm("probe", "nobody-has-this")).status_code == UNPROCESSABLE)
