"""A real API server asks a real Bindguard over TLS; what its users see."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.admission.launchers import pod, vmi
from tests.check.builders import write
from tests.e2e.conftest import VMS
from tests.e2e.control_plane import ADMIN_TOKEN, ControlPlane
from tests.e2e.objects import vm
from tests.runtime.server import Server

pytestmark = pytest.mark.usefixtures("bindguard")
DATA = Path(__file__).parents[1] / "data"


def test_a_slip_is_denied_with_field_remedy_and_rule(plane: ControlPlane) -> None:
    answer = plane.client.post(VMS, json=vm("slip", "pastt"))
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    status = answer.json()
    assert status["reason"] == "Invalid"
    [cause] = status["details"]["causes"]
    assert cause["field"] == "spec.template.spec.domain.devices.interfaces[0].binding.name"
    assert 'did you mean "passt"?' in status["message"]
    assert "[Bindguard unregistered-plugin]" in status["message"]


def test_a_registered_plugin_is_accepted(plane: ControlPlane) -> None:
    plane.create(f"{VMS}?dryRun=All", vm("fine", "l2bridge"))


def test_a_warning_reaches_the_client(plane: ControlPlane) -> None:
    answer = plane.client.post(f"{VMS}?dryRun=All", json=vm("warned", "passt"))
    assert answer.is_success
    assert "deprecated-plugin" in answer.headers["warning"]


def test_dry_run_and_generate_name_are_evaluated_alike(plane: ControlPlane) -> None:
    slip = vm("slip", "pastt")
    slip["metadata"] = {"generateName": "slip-", "namespace": "default"}
    for query in ("", "?dryRun=All"):
        assert plane.client.post(VMS + query, json=slip).status_code == httpx.codes.UNPROCESSABLE_ENTITY


def test_server_side_apply_is_evaluated(plane: ControlPlane) -> None:
    answer = plane.client.patch(
        f"{VMS}/applied?fieldManager=test",
        content=json.dumps(vm("applied", "pastt")),
        headers={"content-type": "application/apply-patch+yaml"},
    )
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY


def test_under_an_unregistered_plugin_a_vm_can_still_be_labelled_finalized_and_deleted(plane: ControlPlane, bindguard: Server) -> None:
    registry = (bindguard.directory / "registry.yaml").read_text()
    with registered(bindguard, registry.replace("l2bridge:", "leftover:")):
        assert plane.client.post(VMS, json=vm("new", "l2bridge")).status_code == httpx.codes.UNPROCESSABLE_ENTITY
        plane.create(VMS, vm("old", "leftover"))
    for metadata in ({"labels": {"a": "b"}}, {"finalizers": ["test/finalizer"]}):
        assert _merge(plane, "old", {"metadata": metadata}).is_success
    assert _merge(plane, "old", {"status": {"ready": True}}, "/status").is_success
    assert plane.client.delete(f"{VMS}/old").is_success
    assert _merge(plane, "old", {"metadata": {"finalizers": None}}).is_success
    assert plane.client.get(f"{VMS}/old").status_code == httpx.codes.NOT_FOUND


@contextlib.contextmanager
def registered(bindguard: Server, text: str) -> Iterator[None]:
    """Another registry file for as long as the block runs, and known to be in force inside and after it."""
    path = bindguard.directory / "registry.yaml"
    before = path.read_text()
    _rewrite(bindguard, path, text)
    try:
        yield
    finally:
        _rewrite(bindguard, path, before)


def _rewrite(bindguard: Server, path: Path, text: str) -> None:
    reloads = len(bindguard.all_told("registry reloaded"))
    write(path.parent, {path.name: text})
    bindguard.told("registry reloaded", reloads + 1)


def _merge(plane: ControlPlane, name: str, patch: dict[str, Any], subresource: str = "") -> httpx.Response:
    return plane.client.patch(
        f"{VMS}/{name}{subresource}", content=json.dumps(patch), headers={"content-type": "application/merge-patch+json"}
    )


def test_a_launcher_pod_gets_the_overhead_of_its_plugins(plane: ControlPlane, bindguard: Server) -> None:
    line: dict[str, Any] = json.loads((DATA / "launcher-pods.jsonl").read_text().splitlines()[0])
    (bindguard.directory / "vmis/vmi.json").write_text(json.dumps(vmi(namespace="default") | line["vmi"]))
    containers = [{"image": "x", **each} for each in line["pod"]["spec"]["containers"]]
    launcher = pod(*containers, annotations=line["pod"]["metadata"].get("annotations"))
    registry = {"apiVersion": "bindguard.io/v1", "kind": "Registry", "kubeVirtVersion": "1.9", "plugins": line["plugins"]}
    with registered(bindguard, json.dumps(registry)):
        created = plane.client.post("/api/v1/namespaces/default/pods?dryRun=All", json=launcher)
    assert created.is_success, created.text
    [compute] = [each for each in created.json()["spec"]["containers"] if each["name"] == "compute"]
    assert compute["resources"]["requests"]["memory"] == line["expected_resources"]["requests"]["memory"]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubectl_shows_what_is_wrong_and_how_to_mend_it(plane: ControlPlane, tmp_path: Path) -> None:
    manifest = tmp_path / "vm.json"
    manifest.write_text(json.dumps(vm("slip", "pastt")))
    command = ["kubectl", "--server", plane.url, "--token", ADMIN_TOKEN, "--insecure-skip-tls-verify", "create", "-f", str(manifest)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    )
    assert done.returncode == 1
    for told in ("binding.name", 'did you mean "passt"?', "unregistered-plugin"):
        assert told in done.stderr
