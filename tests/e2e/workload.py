"""What kubelets, controllers and the pod network would add to an installation, as far as `bindguard doctor` looks at it.

Deployment, Service and ConfigMap are the chart's own; their status, the pods, EndpointSlices and Endpoints are made by hand, as there are
neither controllers nor kubelets. A pod's address is this machine's own, on which a port leads to the replica that runs here on loopback:
the API server's proxy hands nothing to a loopback address. Ports are those of each replica, where a cluster's pods have one address each
and the same ports.
"""

import contextlib
import copy
import socket
import socketserver
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.chart.helm import Objects
from tests.e2e.control_plane import ControlPlane
from tests.e2e.installation import NAMESPACE
from tests.runtime.server import Server

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/bindguard"
ENDPOINTS = f"/api/v1/namespaces/{NAMESPACE}/endpoints/bindguard"
CONFIG_MAP = f"/api/v1/namespaces/{NAMESPACE}/configmaps/bindguard"

_CHUNK = 64 * 1024
_SLICES = "/apis/{}/namespaces/{}/endpointslices"
_SLICE_VERSIONS = ("discovery.k8s.io/v1", "discovery.k8s.io/v1beta1")


class Workload:
    """The objects of an installation that controllers act on, in an API server that has none."""

    def __init__(self, plane: ControlPlane, rendered: Objects) -> None:
        self._plane = plane
        self._slice_version = next(each for each in _SLICE_VERSIONS if plane.client.get(_SLICES.format(each, NAMESPACE)).is_success)
        self._deployment = rendered.one("Deployment")
        self._others = {
            f"/api/v1/namespaces/{NAMESPACE}/services": rendered.one("Service"),
            CONFIG_MAP.rpartition("/")[0]: rendered.one("ConfigMap", "bindguard"),
        }

    def install(self) -> None:
        """Make what the chart renders."""
        self._plane.create(DEPLOYMENT.rpartition("/")[0], self._deployment)
        for path, obj in self._others.items():
            self._plane.create(path, obj)

    @contextlib.contextmanager
    def running(self, servers: list[Server]) -> Iterator[None]:
        """Pods that are these servers, counted in the Deployment's status, for as long as the block runs."""
        status = {"observedGeneration": 1, "replicas": len(servers), "readyReplicas": len(servers), "updatedReplicas": len(servers)}
        with contextlib.ExitStack() as stack:
            subsets = [stack.enter_context(self._pod(server)) for server in servers]
            self._plane.create(ENDPOINTS.rpartition("/")[0], {"metadata": {"name": "bindguard"}, "subsets": subsets})
            stack.callback(self._plane.client.delete, ENDPOINTS)
            self._plane.merge(f"{DEPLOYMENT}/status", {"status": status})
            yield
        self._plane.merge(f"{DEPLOYMENT}/status", {"status": {"readyReplicas": 0, "updatedReplicas": 0}})

    @contextlib.contextmanager
    def _pod(self, server: Server) -> Iterator[dict[str, Any]]:
        """A pod that is this server, and its part of the Service's Endpoints."""
        name, address = f"bindguard-{server.directory.name}", own_address()
        listening = {"admission": server.ready["admission"], "operations": server.ready["operations"]}
        with contextlib.ExitStack() as stack:
            ports = {each: stack.enter_context(_reachable(address, urlsplit(url).port or 0)) for each, url in listening.items()}
            self._plane.create(PODS, self._pod_object(name, ports))
            self._plane.merge(f"{PODS}/{name}/status", {"status": _running(address)})
            slices = _SLICES.format(self._slice_version, NAMESPACE)
            self._plane.create(slices, {"apiVersion": self._slice_version, **_endpoint_slice(name, address, ports["admission"])})
            yield {"addresses": [{"ip": address}], "ports": [{"name": "admission", "port": ports["admission"]}]}
            self._plane.client.delete(f"{slices}/{name}")
            self._plane.client.delete(f"{PODS}/{name}")

    def _pod_object(self, name: str, ports: dict[str, int]) -> dict[str, Any]:
        template = copy.deepcopy(self._deployment["spec"]["template"])
        for port in template["spec"]["containers"][0]["ports"]:
            port["containerPort"] = ports[port["name"]]
        return {"metadata": template["metadata"] | {"name": name}, "spec": template["spec"]}


def own_address() -> str:
    """An address of this machine that is not loopback; loopback where it has no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # nothing is sent
        return str(probe.getsockname()[0])
    return "127.0.0.1"


def _running(address: str) -> dict[str, Any]:
    container = {"name": "bindguard", "ready": True, "restartCount": 0, "image": "bindguard", "imageID": "", "state": {}, "lastState": {}}
    return {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "containerStatuses": [container]}


def _endpoint_slice(name: str, address: str, port: int) -> dict[str, Any]:
    return {
        "kind": "EndpointSlice",
        "metadata": {"name": name, "labels": {"kubernetes.io/service-name": "bindguard"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": [{"name": "admission", "port": port, "protocol": "TCP"}],
    }


@contextlib.contextmanager
def _reachable(address: str, port: int) -> Iterator[int]:
    """A port of `address` that leads to `port` on loopback."""

    class PassOn(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as inner:
                back = threading.Thread(target=_copy, args=(inner, self.request), daemon=True)
                back.start()
                _copy(self.request, inner)
                back.join()

    with socketserver.ThreadingTCPServer((address, 0), PassOn) as listener:
        listener.daemon_threads = True
        listening = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
        listening.start()
        yield listener.server_address[1]
        listener.shutdown()
        listening.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
