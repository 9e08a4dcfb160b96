"""Bindguard installed from its chart into the API server, and replicas of it that run here: with the chart's own permissions and settings.

What differs from a cluster: the webhook configurations name a URL instead of a Service, as nothing here routes Services, and the replicas
are processes of this machine with a kubeconfig that holds the service account's token.
"""

import base64
import contextlib
import copy
import json
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.chart.helm import Objects, settings
from tests.e2e.balancer import Balancer
from tests.e2e.control_plane import ControlPlane
from tests.e2e.objects import crds, kubevirt
from tests.runtime.server import Server, eventually

_ARMED_WITHIN_SECONDS = 90.0

NAMESPACE = "bindguard"
KUBEVIRTS = "/apis/kubevirt.io/v1/namespaces/kubevirt/kubevirts"
VMS = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines"
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/bindguard-tls"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/bindguard"
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1"
VALIDATING = f"{CONFIGURATIONS}/validatingwebhookconfigurations"
MUTATING = f"{CONFIGURATIONS}/mutatingwebhookconfigurations"

_HOME: Mapping[str, str] = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts",
    "Role": f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/roles",
    "RoleBinding": f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/rolebindings",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "ValidatingWebhookConfiguration": VALIDATING,
    "MutatingWebhookConfiguration": MUTATING,
}
"""Where the kinds are made that matter without kubelets and controllers; the others of the chart are checked in tests/chart."""


_OF_A_POD = frozenset(
    {"host", "port", "operationsHost", "operationsPort", "drainSeconds", "reloadSeconds", "stateDirectory", "managedSettleSeconds"}
)
"""Settings that tests give by flags."""


class Installation:
    """The chart's objects in an API server, and the directory that its replicas work in.

    Attributes:
        drain_seconds: For how long replicas that are told to stop serve on.
    """

    def __init__(self, plane: ControlPlane, directory: Path, balancer: Balancer, rendered: Objects) -> None:
        self.plane = plane
        self.directory = directory
        self.balancer = balancer
        self.drain_seconds = 0.2
        self._rendered = rendered

    def install(self) -> None:
        """Make all objects, and a kubeconfig for the service account."""
        for obj in self._rendered:
            if obj["kind"] in _HOME:
                self.plane.create(_HOME[obj["kind"]], self._with_url(obj))
        (self.directory / "kubeconfig").write_text(json.dumps(self._kubeconfig()))

    @contextlib.contextmanager
    def replica(self, name: str, **settings: object) -> Iterator[Server]:
        """A running, ready replica that gets its share of the connections; `settings` go before the chart's, and `None` leaves one out."""
        directory = self.directory / name
        directory.mkdir(exist_ok=True)
        flags = ("--config", self.config(directory, **settings), "--drain-seconds", str(self.drain_seconds))
        with Server(directory, *flags, environment={"HOSTNAME": name}) as server:
            self.balancer.add(server)
            try:
                yield server
            finally:
                self.balancer.remove(server)
                if server.process.poll() is None:
                    server.signal(signal.SIGTERM)  # it gives the Lease back
                    server.exit_code()

    def config(self, directory: Path, **settings: object) -> Path:
        """A configuration file with the chart's settings; `settings` go before them, and `None` leaves one out."""
        config = directory / "bindguard.yaml"
        config.write_text(json.dumps({key: value for key, value in (self._settings() | settings).items() if value is not None}))
        return config

    def _with_url(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        ours: dict[str, Any] = copy.deepcopy(dict(obj))
        for webhook in ours.get("webhooks", []):
            service = webhook["clientConfig"].pop("service")
            webhook["clientConfig"]["url"] = f"https://127.0.0.1:{self.balancer.port}{service['path']}"
        return ours

    def _settings(self) -> dict[str, Any]:
        """The chart's own settings, with what a process here needs in place of a pod's surroundings."""
        ours = {key: value for key, value in settings(self._rendered).items() if key not in _OF_A_POD}
        ours["tlsNames"] = [*ours["tlsNames"], "127.0.0.1"]
        return ours | {
            "managedNamespace": NAMESPACE,
            "kubeconfig": str(self.directory / "kubeconfig"),
            "stateDirectory": "state",
            "managedSettleSeconds": 3,
            "logLevel": "info",
            "logFormat": "json",
        }

    def _kubeconfig(self) -> dict[str, Any]:
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}}
        token = self.plane.create(f"{_HOME['ServiceAccount']}/bindguard/token", request)["status"]["token"]
        ca = base64.b64encode(self.plane.certificate.read_bytes()).decode()
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "e2e",
            "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "bindguard"}}],
            "clusters": [{"name": "e2e", "cluster": {"server": self.plane.url, "certificate-authority-data": ca}}],
            "users": [{"name": "bindguard", "user": {"token": token}}],
        }


def prepare(plane: ControlPlane) -> None:
    """A cluster with KubeVirt in it, as far as Bindguard sees it."""
    for crd in crds():
        plane.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    eventually(lambda: plane.client.get("/apis/kubevirt.io/v1/kubevirts").is_success)
    eventually(lambda: plane.client.get("/apis/pool.kubevirt.io/v1beta1/virtualmachinepools").is_success)
    for namespace in (NAMESPACE, "kubevirt"):
        plane.create("/api/v1/namespaces", {"metadata": {"name": namespace, "labels": {"kubernetes.io/metadata.name": namespace}}})
    plane.create(KUBEVIRTS, kubevirt("passt", "l2bridge"))
    plane.merge(f"{KUBEVIRTS}/kubevirt/status", {"status": kubevirt()["status"]})


def until_armed(plane: ControlPlane) -> Any:
    """The validating configuration, once the server has had it fail closed, which takes it ten seconds."""
    give_up = time.monotonic() + _ARMED_WITHIN_SECONDS
    while (found := plane.read(f"{VALIDATING}/bindguard"))["webhooks"][0]["failurePolicy"] != "Fail":
        assert time.monotonic() < give_up, found
        time.sleep(0.5)
    return found
