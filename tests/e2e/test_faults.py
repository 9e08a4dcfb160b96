"""Bindguard beside an API server that is away, hangs or refuses, and objects that somebody spoils: what is told, and that it ends well."""

import base64
import contextlib
import json
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.control_plane import ControlPlane
from tests.e2e.installation import LEASE, NAMESPACE, SECRET, Installation
from tests.e2e.verbs import leaf, steady_load
from tests.runtime.server import Server, eventually
from tests.tls import builders as tls

RBAC = "/apis/rbac.authorization.k8s.io/v1"
SHUTDOWN_SECONDS = 10
"""Far more than drain and all that is given back take, and far less than what a call may wait."""


class Waiting(Server):
    """A server that cannot be ready yet."""

    waits_for = "not ready"

    def reasons(self) -> str:
        """Why not, as last told."""
        return json.dumps(self.all_told("not ready")[-1]["reasons"])

    def ends_in_time(self) -> None:
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        assert self.exit_code() == 0
        assert time.monotonic() - began < SHUTDOWN_SECONDS


def waiting(installed: Installation, name: str) -> Waiting:
    directory = installed.directory / name
    directory.mkdir()
    return Waiting(directory, "--config", installed.config(directory))


@contextlib.contextmanager
def without_api_server(cluster: ControlPlane) -> Iterator[None]:
    cluster.stop()
    try:
        yield
    finally:
        cluster.start()


def test_without_an_api_server_a_new_replica_says_so_waits_and_ends_when_told(cluster: ControlPlane, installed: Installation) -> None:
    with contextlib.ExitStack() as stack:
        with without_api_server(cluster):
            server = stack.enter_context(waiting(installed, "early"))
            eventually(lambda: "/kubevirts: no answer: " in server.reasons() and "bindguard-tls: no answer: " in server.reasons())
            with waiting(installed, "impatient") as other:
                other.ends_in_time()
        server.told("ready")
        reasons = [line["reason"] for line in server.all_told("registry not followed")]
        assert len(set(reasons)) == len(reasons)
        server.ends_in_time()


def test_an_api_server_that_hangs_holds_up_no_start_of_probes_and_no_end(cluster: ControlPlane, installed: Installation) -> None:
    with cluster.frozen(), waiting(installed, "hanging") as server:
        server.ends_in_time()


def test_a_replica_that_serves_ends_in_time_though_the_api_server_hangs(cluster: ControlPlane, replicas: list[Server]) -> None:
    with cluster.frozen():
        began = time.monotonic()
        for replica in replicas:
            replica.signal(signal.SIGTERM)
        assert [replica.exit_code() for replica in replicas] == [0, 0]
        assert time.monotonic() - began < SHUTDOWN_SECONDS


@contextlib.contextmanager
def without_permissions(cluster: ControlPlane) -> Iterator[None]:
    places = [f"{RBAC}/clusterrolebindings/bindguard", f"{RBAC}/namespaces/{NAMESPACE}/rolebindings/bindguard"]
    bindings = [cluster.read(place) for place in places]
    for place in places:
        assert cluster.client.delete(place).is_success
    try:
        yield
    finally:
        for place, binding in zip(places, bindings, strict=True):
            cluster.create(place.rpartition("/")[0], binding | {"metadata": {"name": "bindguard"}})


def test_without_permissions_a_replica_names_each_one_that_it_needs_and_goes_on_when_it_has_them(
    cluster: ControlPlane, installed: Installation
) -> None:
    with contextlib.ExitStack() as stack:
        with without_permissions(cluster):
            server = stack.enter_context(waiting(installed, "powerless"))
            eventually(lambda: "kubevirts.kubevirt.io in all namespaces (a ClusterRole" in server.reasons())
            eventually(lambda: "get, create and patch Secret bindguard/bindguard-tls (a Role" in server.reasons())
            eventually(lambda: "get, create and patch Lease bindguard/bindguard (a Role" in server.reasons())
        server.told("ready")
        server.ends_in_time()


def test_a_lease_that_has_changed_hands_too_often_is_taken_all_the_same(cluster: ControlPlane, replicas: list[Server]) -> None:
    cluster.merge(LEASE, {"spec": {"holderIdentity": "", "leaseTransitions": 2**31 - 1}})
    eventually(lambda: cluster.read(LEASE)["spec"]["holderIdentity"] != "")
    eventually(lambda: any(replica.metric("bindguard_certificate_leader") == 1 for replica in replicas))


@pytest.mark.usefixtures("replicas")
def test_a_strangers_pair_in_the_secret_is_replaced_and_no_request_is_lost(cluster: ControlPlane) -> None:
    stranger = tls.leaf(tls.ca(), "127.0.0.1")
    spoilt = {"tls.crt": _encoded(stranger.cert_pem), "tls.key": _encoded(stranger.key_pem)}
    with steady_load(cluster):
        cluster.merge(SECRET, {"data": spoilt})
        eventually(lambda: leaf(cluster) not in {"", spoilt["tls.crt"]})
    assert _secret(cluster)["tls.key"] != spoilt["tls.key"]


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _secret(cluster: ControlPlane) -> dict[str, Any]:
    data: dict[str, Any] = cluster.read(SECRET)["data"]
    return data
