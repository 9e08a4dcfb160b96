"""Two replicas as the chart installs them, asked by a real API server: registry by watch, VMIs by read, certificates by themselves."""

import base64
import contextlib
import json
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import kubernetes.client
import pytest

from tests.admission.launchers import pod, vmi
from tests.e2e.control_plane import ADMIN_TOKEN, ControlPlane
from tests.e2e.installation import KUBEVIRTS, MUTATING, SECRET, VALIDATING, VMS, Installation
from tests.e2e.objects import kubevirt, vm
from tests.e2e.other_webhook import OtherWebhook
from tests.serve.server import Server, asking, eventually

CR = f"{KUBEVIRTS}/kubevirt"
UNPROCESSABLE = httpx.codes.UNPROCESSABLE_ENTITY
CREATOR = "system:serviceaccount:kubevirt:kubevirt-controller"


@pytest.fixture(scope="module")
def plane(cluster: ControlPlane) -> ControlPlane:
    """An API server that may go away."""
    return cluster


@pytest.fixture
def replicas(plane: ControlPlane, installed: Installation) -> Iterator[list[Server]]:
    """Two replicas, known to be asked."""
    with contextlib.ExitStack() as stack:
        yield start(plane, installed, stack, ["first", "second"])


def start(plane: ControlPlane, installed: Installation, stack: contextlib.ExitStack, names: list[str]) -> list[Server]:
    servers = [stack.enter_context(installed.replica(name)) for name in names]
    eventually(lambda: installed.balancer.ready() >= len(names))
    eventually(lambda: judged(plane, vm("probe", "nobody-has-this")).status_code == UNPROCESSABLE)
    return servers


def judged(plane: ControlPlane, obj: dict[str, Any]) -> httpx.Response:
    """The answer to a VM that is created and not kept."""
    return plane.client.post(VMS + "?dryRun=All", json=obj)


def register(plane: ControlPlane, *plugins: str | None, without: tuple[str, ...] = ()) -> None:
    binding: dict[str, Any] = {name: {"domainAttachmentType": "tap", "migration": {}} for name in plugins if name}
    plane.merge(CR, {"spec": {"configuration": {"network": {"binding": binding | dict.fromkeys(without)}}}})


def bundles(plane: ControlPlane) -> set[str]:
    """The caBundles of all webhooks."""
    configurations = [plane.read(f"{kind}/bindguard") for kind in (VALIDATING, MUTATING)]
    return {webhook["clientConfig"].get("caBundle", "") for configuration in configurations for webhook in configuration["webhooks"]}


def leaf(plane: ControlPlane) -> str:
    """The certificate in the Secret; empty as long as there is none."""
    answer = plane.client.get(SECRET)
    return str(answer.json().get("data", {}).get("tls.crt", "")) if answer.is_success else ""


def is_renewed(plane: ControlPlane, before: str) -> bool:
    return leaf(plane) not in {"", before}


@contextlib.contextmanager
def steady_load(
    plane: ControlPlane, objects: Callable[[int], dict[str, Any]] = lambda number: vm(f"load-{number}", "passt")
) -> Iterator[None]:
    """VMs created over and over while the block runs; every one must be accepted."""
    numbers = iter(range(10_000_000))
    clients: dict[int, httpx.Client] = {}

    def ask() -> None:
        thread = threading.get_ident()
        if thread not in clients:
            clients[thread] = plane.another_client()
        answer = clients[thread].post(VMS + "?dryRun=All", json=objects(next(numbers)))
        assert answer.is_success, answer.text

    with asking(ask) as problems:
        yield
    for client in clients.values():
        client.close()
    assert problems == []
    assert next(numbers) > 20


@pytest.mark.usefixtures("replicas")
def test_a_plugin_is_accepted_in_the_request_after_its_registration(plane: ControlPlane) -> None:
    for number in range(200):
        name = f"fresh-{number % 2}"
        register(plane, name, without=(f"fresh-{1 - number % 2}",))
        answer = judged(plane, vm("eager", name))
        assert answer.is_success, (number, answer.text)


@pytest.mark.usefixtures("replicas")
def test_a_plugin_that_is_unregistered_is_denied_within_moments(plane: ControlPlane) -> None:
    register(plane, "leaving")
    assert judged(plane, vm("before", "leaving")).is_success
    register(plane, without=("leaving",))
    eventually(lambda: judged(plane, vm("after", "leaving")).status_code == UNPROCESSABLE)


@pytest.mark.usefixtures("replicas")
def test_under_an_unregistered_plugin_a_vm_can_still_be_labelled_finalized_and_deleted(plane: ControlPlane) -> None:
    register(plane, "leftover")
    plane.create(VMS, vm("old", "leftover"))
    register(plane, without=("leftover",))
    eventually(lambda: judged(plane, vm("new", "leftover")).status_code == UNPROCESSABLE)
    plane.merge(f"{VMS}/old", {"metadata": {"labels": {"a": "b"}, "finalizers": ["test/finalizer"]}})
    plane.merge(f"{VMS}/old/status", {"status": {"ready": True}})
    assert plane.client.delete(f"{VMS}/old").is_success
    plane.merge(f"{VMS}/old", {"metadata": {"finalizers": None}})
    assert plane.client.get(f"{VMS}/old").status_code == httpx.codes.NOT_FOUND


@pytest.mark.usefixtures("replicas")
def test_without_a_kubevirt_cr_nothing_is_denied_for_its_plugin(plane: ControlPlane) -> None:
    before = plane.read(CR)
    try:
        assert plane.client.delete(CR).is_success
        eventually(lambda: judged(plane, vm("anyhow", "nobody-has-this")).is_success)
        assert "warning" in judged(plane, vm("anyhow", "nobody-has-this")).headers
    finally:
        plane.create(KUBEVIRTS, kubevirt(*before["spec"]["configuration"]["network"]["binding"]))
        plane.merge(f"{CR}/status", {"status": before["status"]})
    eventually(lambda: judged(plane, vm("again", "nobody-has-this")).status_code == UNPROCESSABLE)


@contextlib.contextmanager
def uncounted_launcher(plane: ControlPlane) -> Iterator[dict[str, Any]]:
    """A launcher pod of a KubeVirt that counts no overhead itself, for a VMI that is there, with a plugin that declares 500Mi."""
    path = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances"
    binding = {"old": {"domainAttachmentType": "tap", "computeResourceOverhead": {"requests": {"memory": "500Mi"}}}}
    plane.merge(CR, {"spec": {"configuration": {"network": {"binding": binding}}}})
    plane.merge(f"{CR}/status", {"status": {"observedKubeVirtVersion": "v1.2.2", "targetKubeVirtVersion": "v1.2.2"}})
    launched = vmi("old", namespace="default")
    launched["spec"]["networks"] = [{"name": "net0", "pod": {}}]
    stored = plane.create(path, launched)
    try:
        yield _launcher_of(stored)
    finally:
        assert plane.client.delete(f"{path}/{stored['metadata']['name']}").is_success
        plane.merge(f"{CR}/status", {"status": kubevirt()["status"]})
        register(plane, without=("old",))


@pytest.mark.usefixtures("replicas")
def test_a_launcher_pod_gets_what_its_vmis_plugins_declare_and_a_forged_one_nothing(plane: ControlPlane) -> None:
    with uncounted_launcher(plane) as launcher, plane.as_user(CREATOR) as creator:
        eventually(lambda: _compute_memory(creator.post(_PODS, json=launcher)) == "1524Mi")
        assert _compute_memory(creator.post(_PODS, json=_forged(launcher))) == "1Gi"
        assert _compute_memory(plane.client.post(_PODS, json=launcher)) == "1Gi"


def test_a_pod_that_another_webhook_changes_afterwards_gets_its_overhead_once(
    plane: ControlPlane, replicas: list[Server], tmp_path: Path
) -> None:
    with uncounted_launcher(plane) as launcher, plane.as_user(CREATOR) as creator, OtherWebhook(tmp_path) as other:
        eventually(lambda: _compute_memory(creator.post(_PODS, json=launcher)) == "1524Mi")
        plane.create(MUTATING, other.configuration())
        try:
            eventually(lambda: creator.post(_PODS, json=launcher).is_success and other.asked > 0)
            before = sum(_asked_to_mutate(replica) for replica in replicas)
            created = creator.post(_PODS, json=launcher)
            assert [each["name"] for each in created.json()["spec"]["containers"]] == ["proxy", "compute"]
            assert _compute_memory(created) == "1524Mi"
            assert sum(_asked_to_mutate(replica) for replica in replicas) == before + 2
        finally:
            assert plane.client.delete(f"{MUTATING}/zz-sidecars").is_success


def _asked_to_mutate(replica: Server) -> float:
    lines = replica.operations("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("bindguard_requests_total{") and '"/mutate"' in line)


@pytest.mark.usefixtures("replicas")
def test_the_official_client_is_told_what_is_wrong_and_what_is_meant(plane: ControlPlane) -> None:
    configuration = kubernetes.client.Configuration(host=plane.url, api_key={"BearerToken": f"Bearer {ADMIN_TOKEN}"})
    configuration.ssl_ca_cert = str(plane.certificate)
    with kubernetes.client.ApiClient(configuration) as client, pytest.raises(kubernetes.client.ApiException) as refused:
        kubernetes.client.CustomObjectsApi(client).create_namespaced_custom_object(
            "kubevirt.io", "v1", "default", "virtualmachines", vm("slip", "pastt")
        )
    status = json.loads(refused.value.body or "{}")
    assert (refused.value.status, status["reason"]) == (UNPROCESSABLE, "Invalid")
    assert 'did you mean "passt"?' in status["details"]["causes"][0]["message"]


_PODS = "/api/v1/namespaces/default/pods?dryRun=All"


def _launcher_of(stored: dict[str, Any]) -> dict[str, Any]:
    uid, name = stored["metadata"]["uid"], stored["metadata"]["name"]
    compute = {"name": "compute", "image": "x", "resources": {"requests": {"memory": "1Gi"}}}
    launcher = json.loads(json.dumps(pod(compute)).replace(pod()["metadata"]["labels"]["kubevirt.io/created-by"], uid))
    launcher["metadata"]["ownerReferences"][0] |= {"name": name, "uid": uid}
    launcher["metadata"]["namespace"] = "default"
    launcher["metadata"]["annotations"] = {}
    return dict(launcher)


def _forged(launcher: dict[str, Any]) -> dict[str, Any]:
    """The same pod of a VMI that is not there."""
    uid = launcher["metadata"]["ownerReferences"][0]["uid"]
    forged: dict[str, Any] = json.loads(json.dumps(launcher).replace(uid, "11111111-2222-3333-4444-555555555555"))
    return forged


def _compute_memory(answer: httpx.Response) -> str:
    assert answer.is_success, answer.text
    [compute] = [each for each in answer.json()["spec"]["containers"] if each["name"] == "compute"]
    memory: str = compute["resources"]["requests"]["memory"]
    return memory


def test_a_watch_that_is_cut_and_an_api_server_that_restarts_are_got_over(plane: ControlPlane, replicas: list[Server]) -> None:
    plane.kill()
    try:
        assert all(replica.operations("/readyz").is_success for replica in replicas)
    finally:
        plane.start()
    register(plane, "after-restart")
    assert judged(plane, vm("after", "after-restart")).is_success
    eventually(lambda: all("after-restart" in replica.operations("/registry").text for replica in replicas))


def test_while_the_api_server_is_away_a_replica_starts_with_the_registry_that_was_kept(
    plane: ControlPlane, installed: Installation
) -> None:
    register(plane, "kept")
    with contextlib.ExitStack() as stack:
        [before] = start(plane, installed, stack, ["keeper"])
        kept = before.directory / "state/registry.json"
        eventually(lambda: kept.exists() and b'"kept"' in kept.read_bytes())
    plane.stop()
    try:
        with installed.replica("keeper", managed=None, tlsNames=None, selfSigned=True) as after:
            assert "kept" in after.operations("/registry").text
    finally:
        plane.start()


@pytest.mark.parametrize("which", ["leaf", "ca"])
def test_certificates_are_renewed_under_load_without_a_lost_request(plane: ControlPlane, replicas: list[Server], which: str) -> None:
    before, trusted = leaf(plane), bundles(plane)
    with steady_load(plane):
        plane.merge(SECRET, {"metadata": {"annotations": {"bindguard.io/renew": which}}})
        eventually(lambda: is_renewed(plane, before))
        eventually(lambda: all(replica.all_told("certificate reloaded") for replica in replicas))
    assert (bundles(plane) == trusted) is (which == "leaf")


@pytest.mark.usefixtures("replicas")
def test_a_ca_bundle_that_somebody_overwrites_is_repaired(plane: ControlPlane) -> None:
    trusted = bundles(plane)
    webhooks = plane.read(f"{VALIDATING}/bindguard")["webhooks"]
    for webhook in webhooks:
        webhook["clientConfig"]["caBundle"] = ""
    plane.merge(f"{VALIDATING}/bindguard", {"webhooks": webhooks})
    eventually(lambda: bundles(plane) == trusted)


@pytest.mark.usefixtures("replicas")
def test_a_secret_that_is_deleted_is_made_anew_and_the_api_server_still_gets_answers(plane: ControlPlane) -> None:
    before = leaf(plane)
    with steady_load(plane):
        assert plane.client.delete(SECRET).is_success
        eventually(lambda: is_renewed(plane, before))


def test_replicas_are_replaced_under_load_without_a_lost_request(plane: ControlPlane, installed: Installation) -> None:
    with contextlib.ExitStack() as old, contextlib.ExitStack() as new:
        first = start(plane, installed, old, ["a", "b"])
        with steady_load(plane):
            for number, leaving in enumerate(first):
                new.enter_context(installed.replica(f"new-{number}"))
                eventually(lambda: installed.balancer.ready() >= 2)
                leaving.signal(signal.SIGTERM)
                assert leaving.exit_code() == 0


def test_when_the_leader_dies_another_one_takes_over(plane: ControlPlane, installed: Installation) -> None:
    with contextlib.ExitStack() as stack:
        servers = start(plane, installed, stack, ["one", "two"])
        eventually(lambda: any(server.metric("bindguard_certificate_leader") == 1 for server in servers))
        [leader] = [server for server in servers if server.metric("bindguard_certificate_leader") == 1]
        [other] = [server for server in servers if server is not leader]
        installed.balancer.remove(leader)
        leader.signal(signal.SIGKILL)
        before = leaf(plane)
        plane.merge(SECRET, {"metadata": {"annotations": {"bindguard.io/renew": "leaf"}}})
        eventually(lambda: is_renewed(plane, before), seconds=90)
        assert other.metric("bindguard_certificate_leader") == 1
        installed.balancer.add(leader)


def test_an_api_server_that_hangs_holds_up_nobody(plane: ControlPlane, replicas: list[Server]) -> None:
    review = (Path(__file__).parents[1] / "data/reviews/vm-create-unregistered-generatename.json").read_bytes()
    trusted = replicas[0].directory / "ca.crt"
    trusted.write_bytes(base64.b64decode(plane.read(SECRET)["data"]["ca.crt"]))
    with plane.frozen():
        for replica in replicas:
            with replica.client(trusted) as client:
                answer = client.post("/validate?timeout=2s", content=review, headers={"content-type": "application/json"})
            assert answer.is_success, answer.text
            assert answer.json()["response"]["allowed"] is False
            assert answer.json()["response"]["auditAnnotations"]["confirmation"] == "failed"
