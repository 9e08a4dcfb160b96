"""`bindguard why` on a real API server, with the objects as KubeVirt leaves them for a VM that hangs."""

from pathlib import Path

import pytest

from tests.cli.bindguard import bindguard
from tests.e2e.access import auditor, kubeconfig
from tests.e2e.control_plane import ControlPlane
from tests.e2e.installation import VMS
from tests.e2e.objects import vm

VMIS = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances"
PODS = "/api/v1/namespaces/default/pods"
MESSAGE = "failed to render launch manifest: couldn't find configuration for network binding: pastt"


@pytest.fixture(scope="module")
def hanging(cluster: ControlPlane) -> str:
    """The name of a VM whose plugin is not registered: KubeVirt says so in a condition of the VMI alone."""
    obj = vm("hanging", "pastt")
    obj["spec"]["runStrategy"] = "Always"
    cluster.create(VMS, obj)
    vmi = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "hanging", "namespace": "default"}}
    cluster.create(VMIS, vmi | {"spec": obj["spec"]["template"]["spec"]})
    failed = {"type": "Synchronized", "status": "False", "reason": "FailedCreate", "message": MESSAGE}
    cluster.merge(f"{VMIS}/hanging", {"status": {"phase": "Pending", "conditions": [failed]}})
    return "hanging"


def test_a_vm_that_hangs_is_explained(cluster: ControlPlane, hanging: str, tmp_path: Path) -> None:
    done = bindguard("why", hanging, "--kubeconfig", kubeconfig(cluster, tmp_path))
    assert done.returncode == 1, done.stderr
    assert b'registered (registered: "l2bridge"' in done.stdout
    assert b"not read" not in done.stdout


def test_a_vm_that_the_caller_may_not_read_is_an_error(cluster: ControlPlane, hanging: str, tmp_path: Path) -> None:
    done = bindguard("why", hanging, "--kubeconfig", kubeconfig(cluster, tmp_path, token=auditor(cluster)))
    assert done.returncode == 3, done.stdout
    assert b"HTTP 403" in done.stderr


def test_a_vm_that_is_not_there_is_said_to_be_so(cluster: ControlPlane, tmp_path: Path) -> None:
    done = bindguard("why", "nobody", "--kubeconfig", kubeconfig(cluster, tmp_path))
    assert done.returncode == 1
    assert b"VirtualMachineInstance default/nobody does not exist" in done.stdout
