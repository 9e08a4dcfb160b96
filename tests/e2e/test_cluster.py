"""Two replicas as the chart installs them, asked by a real API server: registry by watch, VMIs by read, certificates by themselves."""

import base64
import contextlib
import json
import signal
from collections.abc import Iterator
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
from tests.e2e.verbs import CR, UNPROCESSABLE, bundles, evaluated, is_renewed, leaf, register, start, steady_load
from tests.runtime.server import Server, eventually

CREATOR = "system:serviceaccount:kubevirt:kubevirt-controller"


@pytest.mark.usefixtures("replicas")
def test_a_plugin_is_accepted_in_the_request_after_its_registration(cluster: ControlPlane) -> None:
    for number in range(200):
        name = f"fresh-{number % 2}"
        register(cluster, name, without=(f"fresh-{1 - number % 2}",))
        answer = evaluated(cluster, vm("eager", name))
        assert answer.is_success, (number, answer.text)


@pytest.mark.usefixtures("replicas")
def test_a_plugin_that_is_unregistered_is_denied_within_moments(cluster: ControlPlane) -> None:
    register(cluster, "leaving")
    assert evaluated(cluster, vm("before", "leaving")).is_success
    register(cluster, without=("leaving",))
    eventually(lambda: evaluated(cluster, vm("after", "leaving")).status_code == UNPROCESSABLE)


@pytest.mark.usefixtures("replicas")
def test_under_an_unregistered_plugin_a_vm_can_still_be_labelled_finalized_and_deleted(cluster: ControlPlane) -> None:
    register(cluster, "leftover")
    cluster.create(VMS, vm("old", "leftover"))
    register(cluster, without=("leftover",))
    eventually(lambda: evaluated(cluster, vm("new", "leftover")).status_code == UNPROCESSABLE)
    cluster.merge(f"{VMS}/old", {"metadata": {"labels": {"a": "b"}, "finalizers": ["test/finalizer"]}})
    cluster.merge(f"{VMS}/old/status", {"status": {"ready": True}})
    assert cluster.client.delete(f"{VMS}/old").is_success
    cluster.merge(f"{VMS}/old", {"metadata": {"finalizers": None}})
    assert cluster.client.get(f"{VMS}/old").status_code == httpx.codes.NOT_FOUND


@pytest.mark.usefixtures("replicas")
def test_without_a_kubevirt_cr_nothing_is_denied_for_its_plugin(cluster: ControlPlane) -> None:
    before = cluster.read(CR)
    try:
        assert cluster.client.delete(CR).is_success
        eventually(lambda: evaluated(cluster, vm("anyhow", "nobody-has-this")).is_success)
        assert "warning" in evaluated(cluster, vm("anyhow", "nobody-has-this")).headers
    finally:
        cluster.create(KUBEVIRTS, kubevirt(*before["spec"]["configuration"]["network"]["binding"]))
        cluster.merge(f"{CR}/status", {"status": before["status"]})
    eventually(lambda: evaluated(cluster, vm("again", "nobody-has-this")).status_code == UNPROCESSABLE)


@contextlib.contextmanager
def uncounted_launcher(cluster: ControlPlane) -> Iterator[dict[str, Any]]:
    """A launcher pod of a KubeVirt that counts no overhead itself, for a VMI that is there, with a plugin that declares 500Mi."""
    path = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances"
    binding = {"old": {"domainAttachmentType": "tap", "computeResourceOverhead": {"requests": {"memory": "500Mi"}}}}
    cluster.merge(CR, {"spec": {"configuration": {"network": {"binding": binding}}}})
    cluster.merge(f"{CR}/status", {"status": {"observedKubeVirtVersion": "v1.2.2", "targetKubeVirtVersion": "v1.2.2"}})
    launched = vmi("old", namespace="default")
    launched["spec"]["networks"] = [{"name": "net0", "pod": {}}]
    stored = cluster.create(path, launched)
    try:
        yield _launcher_of(stored)
    finally:
        assert cluster.client.delete(f"{path}/{stored['metadata']['name']}").is_success
        cluster.merge(f"{CR}/status", {"status": kubevirt()["status"]})
        register(cluster, without=("old",))


@pytest.mark.usefixtures("replicas")
def test_a_launcher_pod_gets_what_its_vmis_plugins_declare_and_a_forged_one_nothing(cluster: ControlPlane) -> None:
    with uncounted_launcher(cluster) as launcher, cluster.as_user(CREATOR) as creator:
        eventually(lambda: _compute_memory(creator.post(_PODS, json=launcher)) == "1524Mi")
        assert _compute_memory(creator.post(_PODS, json=_forged(launcher))) == "1Gi"
        assert _compute_memory(cluster.client.post(_PODS, json=launcher)) == "1Gi"


def test_a_pod_that_mutation_missed_is_denied_when_that_is_asked_for(cluster: ControlPlane, installed: Installation) -> None:
    validating, mutating = (cluster.read(f"{kind}/bindguard") for kind in (VALIDATING, MUTATING))
    [pods] = mutating["webhooks"]
    [vms] = [each for each in validating["webhooks"] if each["name"] == "validate.bindguard.io"]
    asked = {**pods, "name": "pods.validate.bindguard.io", "clientConfig": vms["clientConfig"]}
    asked.pop("reinvocationPolicy")
    with contextlib.ExitStack() as stack:
        stack.enter_context(installed.replica("strict", validatePods="deny"))
        eventually(lambda: installed.balancer.ready() == 1)
        launcher, creator = stack.enter_context(uncounted_launcher(cluster)), stack.enter_context(cluster.as_user(CREATOR))
        bundle = bundles(cluster).pop()
        asked["clientConfig"] |= {"caBundle": bundle}
        cluster.create(VALIDATING, {**validating, "metadata": {"name": "pods"}, "webhooks": [asked]})
        assert cluster.client.delete(f"{MUTATING}/bindguard").is_success
        try:
            eventually(lambda: creator.post(_PODS, json=launcher).status_code == UNPROCESSABLE)
            [cause] = creator.post(_PODS, json=launcher).json()["details"]["causes"]
            assert cause["field"] == "spec.containers[0].resources.requests.memory"
            assert "lacks 500Mi" in cause["message"]
        finally:
            assert cluster.client.delete(f"{VALIDATING}/pods").is_success
            mutating["metadata"] = {key: mutating["metadata"][key] for key in ("name", "labels")}
            cluster.create(MUTATING, mutating)
        eventually(lambda: _compute_memory(creator.post(_PODS, json=launcher)) == "1524Mi")


def test_a_pod_that_another_webhook_changes_afterwards_gets_its_overhead_once(
    cluster: ControlPlane, replicas: list[Server], tmp_path: Path
) -> None:
    with uncounted_launcher(cluster) as launcher, cluster.as_user(CREATOR) as creator, OtherWebhook(tmp_path) as other:
        eventually(lambda: _compute_memory(creator.post(_PODS, json=launcher)) == "1524Mi")
        cluster.create(MUTATING, other.configuration())
        try:
            eventually(lambda: creator.post(_PODS, json=launcher).is_success and other.asked > 0)
            before = sum(_asked_to_mutate(replica) for replica in replicas)
            created = creator.post(_PODS, json=launcher)
            assert [each["name"] for each in created.json()["spec"]["containers"]] == ["proxy", "compute"]
            assert _compute_memory(created) == "1524Mi"
            assert sum(_asked_to_mutate(replica) for replica in replicas) == before + 2
        finally:
            assert cluster.client.delete(f"{MUTATING}/zz-sidecars").is_success


def _asked_to_mutate(replica: Server) -> float:
    lines = replica.operations("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("bindguard_requests_total{") and '"/mutate"' in line)


@pytest.mark.usefixtures("replicas")
def test_the_official_client_is_told_what_is_wrong_and_what_is_meant(cluster: ControlPlane) -> None:
    configuration = kubernetes.client.Configuration(host=cluster.url, api_key={"BearerToken": f"Bearer {ADMIN_TOKEN}"})
    configuration.ssl_ca_cert = str(cluster.certificate)
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


def test_a_watch_that_is_cut_and_an_api_server_that_restarts_are_got_over(cluster: ControlPlane, replicas: list[Server]) -> None:
    cluster.kill()
    try:
        assert all(replica.operations("/readyz").is_success for replica in replicas)
    finally:
        cluster.start()
    register(cluster, "after-restart")
    assert evaluated(cluster, vm("after", "after-restart")).is_success
    eventually(lambda: all("after-restart" in replica.operations("/registry").text for replica in replicas))


def test_while_the_api_server_is_away_a_replica_starts_with_the_registry_that_was_kept(
    cluster: ControlPlane, installed: Installation
) -> None:
    register(cluster, "kept")
    with contextlib.ExitStack() as stack:
        [before] = start(cluster, installed, stack, ["keeper"])
        kept = before.directory / "state/registry.json"
        eventually(lambda: kept.exists() and b'"kept"' in kept.read_bytes())
    cluster.stop()
    try:
        with installed.replica("keeper", managed=None, tlsNames=None, selfSigned=True) as after:
            assert "kept" in after.operations("/registry").text
    finally:
        cluster.start()


@pytest.mark.parametrize("which", ["leaf", "ca"])
def test_certificates_are_renewed_under_load_without_a_lost_request(cluster: ControlPlane, replicas: list[Server], which: str) -> None:
    before, trusted = leaf(cluster), bundles(cluster)
    with steady_load(cluster):
        cluster.merge(SECRET, {"metadata": {"annotations": {"bindguard.io/renew": which}}})
        eventually(lambda: is_renewed(cluster, before))
        eventually(lambda: all(replica.all_told("certificate reloaded") for replica in replicas))
    assert (bundles(cluster) == trusted) is (which == "leaf")


@pytest.mark.usefixtures("replicas")
def test_a_ca_bundle_that_somebody_overwrites_is_repaired(cluster: ControlPlane) -> None:
    trusted = bundles(cluster)
    webhooks = cluster.read(f"{VALIDATING}/bindguard")["webhooks"]
    for webhook in webhooks:
        webhook["clientConfig"]["caBundle"] = ""
    cluster.merge(f"{VALIDATING}/bindguard", {"webhooks": webhooks})
    eventually(lambda: bundles(cluster) == trusted)


@pytest.mark.usefixtures("replicas")
def test_a_secret_that_is_deleted_is_made_anew_and_the_api_server_still_gets_answers(cluster: ControlPlane) -> None:
    before = leaf(cluster)
    with steady_load(cluster):
        assert cluster.client.delete(SECRET).is_success
        eventually(lambda: is_renewed(cluster, before))


def test_replicas_are_replaced_under_load_without_a_lost_request(
    cluster: ControlPlane, installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed, "drain_seconds", 3.0)  # many times what the balancer needs to notice
    with contextlib.ExitStack() as old, contextlib.ExitStack() as new:
        first = start(cluster, installed, old, ["a", "b"])
        with steady_load(cluster):
            for number, leaving in enumerate(first):
                new.enter_context(installed.replica(f"new-{number}"))
                eventually(lambda: installed.balancer.ready() >= 2)
                leaving.signal(signal.SIGTERM)
                assert leaving.exit_code() == 0


def test_when_the_leader_dies_another_one_takes_over(cluster: ControlPlane, installed: Installation) -> None:
    with contextlib.ExitStack() as stack:
        servers = start(cluster, installed, stack, ["one", "two"])
        eventually(lambda: any(server.metric("bindguard_certificate_leader") == 1 for server in servers))
        [leader] = [server for server in servers if server.metric("bindguard_certificate_leader") == 1]
        [other] = [server for server in servers if server is not leader]
        installed.balancer.remove(leader)
        leader.signal(signal.SIGKILL)
        before = leaf(cluster)
        cluster.merge(SECRET, {"metadata": {"annotations": {"bindguard.io/renew": "leaf"}}})
        eventually(lambda: is_renewed(cluster, before), seconds=90)
        assert other.metric("bindguard_certificate_leader") == 1
        installed.balancer.add(leader)


def test_an_api_server_that_hangs_holds_up_nobody(cluster: ControlPlane, replicas: list[Server]) -> None:
    review = (Path(__file__).parents[1] / "data/reviews/vm-create-unregistered-generatename.json").read_bytes()
    trusted = replicas[0].directory / "ca.crt"
    trusted.write_bytes(base64.b64decode(cluster.read(SECRET)["data"]["ca.crt"]))
    with cluster.frozen():
        for replica in replicas:
            with replica.client(trusted) as client:
                answer = client.post("/validate?timeout=2s", content=review, headers={"content-type": "application/json"})
            assert answer.is_success, answer.text
            assert answer.json()["response"]["allowed"] is False
            assert answer.json()["response"]["auditAnnotations"]["confirmation"] == "failed"
