"""`bindguard break-glass` on a real API server: it works without a replica, and outlasts the server's repair until it is undone."""

import json
import time
from pathlib import Path

import httpx
import pytest

from tests.cli.bindguard import bindguard
from tests.e2e.access import kubeconfig
from tests.e2e.control_plane import ControlPlane
from tests.e2e.installation import VALIDATING, VMS, Installation, until_armed
from tests.e2e.objects import vm
from tests.runtime.server import eventually

OUR = f"{VALIDATING}/bindguard"
UNREGISTERED = vm("broken", "pastt")
SEEN_SECONDS = 15.0
"""Longer than the server waits before it arms a webhook."""


@pytest.fixture
def admin(cluster: ControlPlane, tmp_path: Path) -> Path:
    return kubeconfig(cluster, tmp_path)


def dry_run(cluster: ControlPlane) -> httpx.Response:
    return cluster.client.post(f"{VMS}?dryRun=All", json=UNREGISTERED)


def policies(cluster: ControlPlane) -> list[str]:
    return [webhook["failurePolicy"] for webhook in cluster.read(OUR)["webhooks"]]


def broken(admin: Path, *flags: str) -> None:
    done = bindguard("break-glass", "--yes", "--kubeconfig", admin, *flags)
    assert done.returncode == 0, done.stderr


def test_the_glass_is_broken_without_a_replica_and_the_server_leaves_it_so(
    cluster: ControlPlane, installed: Installation, admin: Path
) -> None:
    with installed.replica("a"):
        until_armed(cluster)
    eventually(lambda: dry_run(cluster).status_code == httpx.codes.INTERNAL_SERVER_ERROR)
    broken(admin, "--reason", "no replica starts")
    eventually(lambda: dry_run(cluster).is_success)
    with installed.replica("b") as server:
        server.told("break-glass is in force")
        time.sleep(SEEN_SECONDS)
        assert policies(cluster) == ["Ignore", "Ignore"]
        assert server.metric("bindguard_break_glass") == 1
        broken(admin, "--undo")
        assert policies(cluster) == ["Fail", "Ignore"]
        eventually(lambda: server.metric("bindguard_break_glass") == 0)
        eventually(lambda: dry_run(cluster).status_code == httpx.codes.UNPROCESSABLE_ENTITY)
    events = cluster.read("/api/v1/namespaces/default/events")["items"]
    assert {"BreakGlass", "BreakGlassUndone"} <= {event["reason"] for event in events}


def test_removed_webhooks_deny_nothing_and_come_back_with_a_certificate_that_is_trusted(
    cluster: ControlPlane, installed: Installation, admin: Path
) -> None:
    with installed.replica("a"):
        eventually(lambda: dry_run(cluster).status_code == httpx.codes.UNPROCESSABLE_ENTITY)
        broken(admin, "--reason", "it denies wrongly", "--remove")
        eventually(lambda: dry_run(cluster).is_success)
        assert json.loads(cluster.read(OUR)["metadata"]["annotations"]["bindguard.io/break-glass"])["reason"] == "it denies wrongly"
        broken(admin, "--undo")
        eventually(lambda: dry_run(cluster).status_code == httpx.codes.UNPROCESSABLE_ENTITY)
