"""`bindguard why` as a process against a fake API server: what it reads, and how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bindguard import bindguard
from tests.cluster import kubeconfigs
from tests.cluster.fake_api import FakeApi
from tests.why.objects import condition, pod, vm, vmi

VM = "/apis/kubevirt.io/v1/namespaces/shop/virtualmachines/web"
VMI = "/apis/kubevirt.io/v1/namespaces/shop/virtualmachineinstances/web"
CR = "/apis/kubevirt.io/v1/kubevirts/kubevirt"
POD = "/api/v1/namespaces/shop/pods/virt-launcher-web-x"
NADS = "/apis/k8s.cni.cncf.io/v1/namespaces/shop/network-attachment-definitions"


@pytest.fixture
def cluster() -> Iterator[FakeApi]:
    """A cluster with one registered plugin and a VM that names another one."""
    of = vm("pastt")
    message = "failed to render launch manifest: couldn't find configuration for network binding: pastt"
    kubevirt = {
        "metadata": {"name": "kubevirt", "namespace": "kubevirt"},
        "spec": {"configuration": {"network": {"binding": {"passt": {}}}}},
        "status": {"phase": "Deployed", "observedKubeVirtVersion": "v1.9.0"},
    }
    with FakeApi() as api:
        api.store(VM, of)
        api.store(VMI, vmi(of, "Pending", condition("Synchronized", "False", message, "FailedCreate")))
        api.store(CR, kubevirt)
        yield api


@pytest.fixture
def kubeconfig(cluster: FakeApi, tmp_path: Path) -> Path:
    return Path(kubeconfigs.kubeconfig(tmp_path, cluster.url, {}))


def why(kubeconfig: Path, *flags: str) -> Any:
    return bindguard("why", "web", "-n", "shop", "--kubeconfig", kubeconfig, *flags, environment={"COLUMNS": "400"})


def test_a_vm_that_hangs_is_explained_on_one_screen(kubeconfig: Path) -> None:
    done = why(kubeconfig)
    assert done.returncode == 1
    assert done.stdout.decode() == (
        'VirtualMachine shop/web does not run: no binding plugin named "pastt" is registered (registered: "passt"); did you mean "passt"?\n'
        "\n"
        '  do:    use a registered plugin, or have "pastt" registered in the KubeVirt CR (spec.configuration.network.binding)\n'
        "  ask:   an admin of the cluster\n"
        "  since: 2026-11-27T02:00:00Z\n"
        "  seen:  VirtualMachineInstance, condition Synchronized: failed to render launch manifest:"
        " couldn't find configuration for network binding:\n"
        "         pastt\n"
    )


def test_a_program_reads_the_same_as_json(kubeconfig: Path) -> None:
    found = json.loads(why(kubeconfig, "-o", "json").stdout)
    assert (found["version"], found["state"], found["causes"][0]["since"]) == (1, "held-up", "2026-11-27T02:00:00Z")
    assert [each["rule"] for each in found["findings"]] == ["unregistered-plugin"]


def test_a_vm_that_runs_ends_with_zero(cluster: FakeApi, kubeconfig: Path) -> None:
    of = vm()
    cluster.store(VM, of)
    cluster.store(VMI, vmi(of, "Running"))
    done = why(kubeconfig)
    assert (done.returncode, done.stdout) == (0, b"VirtualMachine shop/web runs.\n")


def test_what_may_not_be_read_is_said_and_the_rest_is_explained(cluster: FakeApi, kubeconfig: Path) -> None:
    cluster.fail(CR.rpartition("/")[0], 403, times=9)
    done = why(kubeconfig)
    assert done.returncode == 1
    assert b'no binding plugin named "pastt" was registered when KubeVirt last tried' in done.stdout
    assert b"not read: GET " in done.stdout


def test_a_missing_attachment_definition_is_found_before_anybody_says_so(cluster: FakeApi, kubeconfig: Path) -> None:
    of = vm(networks=("blu",))
    cluster.store(VM, of)
    cluster.store(VMI, vmi(of, "Scheduling"))
    cluster.store(POD, pod())
    cluster.store(f"{NADS}/blue", {"metadata": {"name": "blue", "namespace": "shop"}, "spec": {}})
    done = why(kubeconfig)
    assert done.returncode == 1
    assert b'NetworkAttachmentDefinition shop/blu does not exist; did you mean "shop/blue"?' in done.stdout


def test_a_list_that_was_not_read_to_its_end_says_so_and_nothing_is_called_missing(cluster: FakeApi, kubeconfig: Path) -> None:
    cluster.store(VM, vm(networks=("blue",)))
    cluster.remove(VMI)
    page = {"metadata": {"resourceVersion": "1", "continue": "x"}, "items": []}
    cluster.answer = lambda asked: (200, page) if asked.path == NADS else None
    done = why(kubeconfig)
    assert b"blue does not exist" not in done.stdout
    assert f"not read: GET {NADS}: only the first 500 objects were read".encode() in done.stdout


def test_an_answer_that_is_no_object_is_noted_and_the_rest_is_explained(cluster: FakeApi, kubeconfig: Path) -> None:
    for path in (VMI, "/api/v1/namespaces/shop/resourcequotas"):
        cluster.fail(path, "[1")
    done = why(kubeconfig)
    assert done.returncode == 1
    assert done.stdout.count(b"the API server's answer cannot be read") == 2
    assert b'no binding plugin named "pastt"' in done.stdout


def test_a_vm_that_names_hundreds_of_namespaces_costs_few_requests(cluster: FakeApi, kubeconfig: Path) -> None:
    cluster.store(VM, vm(networks=tuple(f"ns{index}/blue" for index in range(200))))
    cluster.remove(VMI)
    done = why(kubeconfig)
    assert b"not read: NetworkAttachmentDefinitions of 182 of the namespaces that the VM names" in done.stdout
    assert len([each for each in cluster.requests if each.path.startswith("/apis/k8s.cni.cncf.io/")]) == 20


def test_a_vm_that_may_not_be_read_is_an_error(cluster: FakeApi, kubeconfig: Path) -> None:
    cluster.fail(VM, 403, times=9)
    done = why(kubeconfig)
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"HTTP 403" in done.stderr


def test_a_name_that_no_vm_can_have_is_never_part_of_a_path(cluster: FakeApi, kubeconfig: Path) -> None:
    done = bindguard("why", "../../secrets", "-n", "shop", "--kubeconfig", kubeconfig)
    assert done.returncode == 3
    assert b"no VM can have such a namespace and name" in done.stderr
    assert not cluster.requests
