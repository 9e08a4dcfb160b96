"""API servers for the e2e tests, and Bindguard in them; skipped, with the reason, where there is no API server to be had.

`plane` and `bindguard` are there once: a server of files that is asked about everything. `cluster` and `installed` are there for each
module that wants them, as its tests take things away: KubeVirt's objects, and the chart's.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.chart.helm import Objects, helm_or_skip
from tests.e2e.balancer import Balancer
from tests.e2e.control_plane import ControlPlane, find_programs, running
from tests.e2e.installation import Installation, prepare
from tests.e2e.objects import crds, mutating_configuration, validating_configuration, vm
from tests.e2e.verbs import start
from tests.runtime.server import Server

EXAMPLES = Path(__file__).parents[2] / "examples"
PATIENCE = 60.0
VMS = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is an e2e test, and the tests of a module share what they set up: one worker runs them."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group(f"e2e {item.path.stem}"))


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A fresh, real API server that knows the kinds."""
    with _control_plane(tmp_path_factory.mktemp("control-plane")) as plane:
        for crd in crds():
            plane.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
        _wait(lambda: plane.client.get("/apis/pool.kubevirt.io/v1beta1/namespaces/default/virtualmachinepools").is_success)
        yield plane


@pytest.fixture(scope="session", params=[(), ("--plain-uvicorn",)], ids=["limited", "plain-uvicorn"])
def bindguard(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A running server that the API server asks about every kind, and about launcher pods."""
    directory = tmp_path_factory.mktemp("bindguard")
    (directory / "vmis").mkdir()
    registry = directory / "registry.yaml"
    registry.write_bytes((EXAMPLES / "kubevirt.yaml").read_bytes())
    flags = (
        "--self-signed",
        "--registry",
        registry,
        "--vmi-directory",
        directory / "vmis",
        "--overhead",
        "even-if-counted",
        *request.param,
    )
    with Server(directory, *flags) as server:
        base = server.ready["admission"]
        path = "/apis/admissionregistration.k8s.io/v1"
        ca_bundle = server.ready["ca_bundle"]
        configurations = {
            "validatingwebhookconfigurations": validating_configuration(f"{base}/validate", ca_bundle),
            "mutatingwebhookconfigurations": mutating_configuration(f"{base}/mutate", ca_bundle),
        }
        for kind, configuration in configurations.items():
            plane.create(f"{path}/{kind}", configuration)
        _wait(lambda: _is_in_force(plane))
        yield server
        for kind, configuration in configurations.items():
            plane.client.delete(f"{path}/{kind}/{configuration['metadata']['name']}").raise_for_status()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """An API server of a module's own, with KubeVirt in it: others must not notice what happens to it."""
    with _control_plane(tmp_path_factory.mktemp("cluster")) as plane:
        prepare(plane)
        yield plane


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """The chart's objects, as for a Kubernetes that knows no matchConditions."""
    return helm_or_skip(tmp_path_factory.mktemp("helm")).render(kubernetes="1.25.0")


@pytest.fixture(scope="module")
def installed(cluster: ControlPlane, rendered: Objects, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The chart's objects in `cluster`, with nobody there yet who serves."""
    with Balancer() as balancer:
        installation = Installation(cluster, tmp_path_factory.mktemp("bindguard"), balancer, rendered)
        installation.install()
        yield installation


@pytest.fixture
def replicas(cluster: ControlPlane, installed: Installation) -> Iterator[list[Server]]:
    """Two replicas, known to be asked."""
    with contextlib.ExitStack() as stack:
        yield start(cluster, installed, stack, ["first", "second"])


def _control_plane(directory: Path) -> contextlib.AbstractContextManager[ControlPlane]:
    programs = find_programs(directory)
    if programs is None:
        pytest.skip("no API server: set KUBEBUILDER_ASSETS to a directory with kube-apiserver and etcd (setup-envtest makes one)")
    return running(programs, directory)


def _is_in_force(plane: ControlPlane) -> bool:
    """The API server takes a moment to learn of a configuration."""
    return plane.client.post(VMS + "?dryRun=All", json=vm("probe", "nobody-has-this")).status_code == httpx.codes.UNPROCESSABLE_ENTITY


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "the API server did not come round"
        time.sleep(0.1)
