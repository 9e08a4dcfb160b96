"""What still works on a real API server while no replica serves and the webhooks fail closed."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chart.helm import helm_or_skip
from tests.e2e.control_plane import ControlPlane
from tests.e2e.installation import VALIDATING, VMS
from tests.e2e.objects import vm
from tests.e2e.other_webhook import NobodyServes
from tests.e2e.verbs import evaluated
from tests.runtime.server import eventually

VMIS = VMS.replace("virtualmachines", "virtualmachineinstances")
CONTROLLER = "system:serviceaccount:kubevirt:kubevirt-controller"
FAIL_CLOSED = {"webhooks": {"armWhenReady": False}}
MERGE = {"content-type": "application/merge-patch+json"}


def vmi(name: str) -> dict[str, Any]:
    spec = vm(name, "passt")["spec"]["template"]["spec"]
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": metadata, "spec": spec}


@contextlib.contextmanager
def without_replicas(cluster: ControlPlane, configuration: dict[str, Any]) -> Iterator[None]:
    """The configuration is in force, beside a running VM that was made before."""
    running = vm("running", "passt")
    running["spec"]["runStrategy"] = "Always"
    cluster.create(VMS, running)
    cluster.create(VMIS, vmi("running"))
    cluster.create(VALIDATING, configuration)
    eventually(lambda: evaluated(cluster, vm("probe", "passt")).status_code == httpx.codes.INTERNAL_SERVER_ERROR)
    try:
        yield
    finally:
        cluster.client.delete(f"{VALIDATING}/{configuration['metadata']['name']}").raise_for_status()
        for path in (VMS, VMIS):
            cluster.client.delete(f"{path}/running")


def rendered(directory: Path, kubernetes: str) -> dict[str, Any]:
    """The chart's configuration, failing closed."""
    found: dict[str, Any] = helm_or_skip(directory).render(FAIL_CLOSED, kubernetes=kubernetes).one("ValidatingWebhookConfiguration")
    return found


@pytest.fixture
def conditional(cluster: ControlPlane, tmp_path: Path) -> Iterator[None]:
    """Nobody serves in a cluster that has matchConditions."""
    with (
        NobodyServes(tmp_path, rendered(tmp_path, "1.36.0")) as webhook,
        without_replicas(cluster, webhook.configuration()),
    ):
        yield


@pytest.fixture
def unconditional(cluster: ControlPlane, tmp_path: Path) -> Iterator[None]:
    """Nobody serves in a cluster that is too old for matchConditions."""
    configuration = rendered(tmp_path, "1.25.0")
    with NobodyServes(tmp_path, configuration) as webhook, without_replicas(cluster, webhook.configuration()):
        yield


@pytest.mark.usefixtures("conditional")
def test_a_vm_is_stopped_and_started_again(cluster: ControlPlane) -> None:
    cluster.merge(f"{VMS}/running", {"spec": {"runStrategy": "Halted"}})
    with cluster.as_user(CONTROLLER) as controller:
        assert controller.delete(f"{VMIS}/running").is_success
    cluster.merge(f"{VMS}/running", {"spec": {"runStrategy": "Always"}})
    with cluster.as_user(CONTROLLER) as controller:
        assert controller.post(VMIS, json=vmi("running")).is_success


@pytest.mark.usefixtures("conditional")
def test_a_vm_is_restarted_as_virt_api_does_it(cluster: ControlPlane) -> None:
    requests = [{"action": "Stop"}, {"action": "Start"}]
    cluster.merge(f"{VMS}/running/status", {"status": {"stateChangeRequests": requests}})
    with cluster.as_user(CONTROLLER) as controller:
        assert controller.delete(f"{VMIS}/running").is_success
        assert controller.post(VMIS, json=vmi("running")).is_success
        cleared = controller.patch(f"{VMS}/running/status", json={"status": {"stateChangeRequests": None}}, headers=MERGE)
    assert "stateChangeRequests" not in cleared.json()["status"]


@pytest.mark.usefixtures("conditional")
@pytest.mark.parametrize("path", [VMS, VMIS])
def test_labels_annotations_and_finalizers_are_written(cluster: ControlPlane, path: str) -> None:
    cluster.merge(f"{path}/running", {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}, "finalizers": ["example.com/held"]}})
    assert cluster.merge(f"{path}/running", {"metadata": {"finalizers": None}})["metadata"]["labels"] == {"a": "b"}


@pytest.mark.usefixtures("conditional")
@pytest.mark.parametrize("path", [VMS, VMIS])
def test_an_object_with_a_finalizer_is_deleted(cluster: ControlPlane, path: str) -> None:
    cluster.merge(f"{path}/running", {"metadata": {"finalizers": ["example.com/held"]}})
    assert cluster.client.delete(f"{path}/running").is_success
    assert "deletionTimestamp" in cluster.read(f"{path}/running")["metadata"]
    cluster.merge(f"{path}/running", {"metadata": {"finalizers": None}})
    assert cluster.client.get(f"{path}/running").status_code == httpx.codes.NOT_FOUND


@pytest.mark.usefixtures("conditional")
def test_the_status_of_a_vmi_and_the_defaults_of_virt_api_are_written(cluster: ControlPlane) -> None:
    cluster.merge(f"{VMIS}/running", {"status": {"phase": "Running"}})
    cluster.merge(f"{VMS}/running", {"spec": {"template": {"spec": {"architecture": "amd64"}}}})
    assert cluster.read(f"{VMIS}/running")["status"] == {"phase": "Running"}


@pytest.mark.usefixtures("conditional")
def test_what_a_denial_can_depend_on_is_refused(cluster: ControlPlane) -> None:
    interfaces = [{"name": "default", "binding": {"name": "another"}}]
    changed = {"spec": {"template": {"spec": {"domain": {"devices": {"interfaces": interfaces}}}}}}
    refused = [
        cluster.client.post(VMS, json=vm("new", "passt")),
        cluster.client.post(VMIS, json=vmi("new")),
        cluster.client.patch(f"{VMS}/running", json=changed, headers=MERGE),
    ]
    assert [each.status_code for each in refused] == [httpx.codes.INTERNAL_SERVER_ERROR] * 3
    assert all("failed calling webhook" in each.text for each in refused)


@pytest.mark.usefixtures("unconditional")
def test_without_match_conditions_vms_are_deleted_and_restarted_but_not_changed(cluster: ControlPlane) -> None:
    cluster.merge(f"{VMS}/running/status", {"status": {"stateChangeRequests": [{"action": "Stop"}]}})
    assert cluster.client.patch(f"{VMS}/running", json={"metadata": {"labels": {"a": "b"}}}, headers=MERGE).status_code == 500
    assert cluster.client.delete(f"{VMIS}/running").is_success
    assert cluster.client.delete(f"{VMS}/running").is_success
