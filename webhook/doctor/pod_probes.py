"""What each running pod tells of itself on its operations port, and shows in a TLS handshake."""

import asyncio
import re
from collections.abc import Mapping, Sequence

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from webhook.doctor.api_reads import Asker
from webhook.doctor.objects.workload import Pod
from webhook.doctor.snapshot import PodProbe, Readiness, ReadResult, ServedRegistry
from webhook.tls.problems import PairError
from webhook.tls.remote import shown_by

_OPERATIONS_PORT = 8080
_ADMISSION_PORT = 8443
_HANDSHAKE_SECONDS = 2.0
_METRIC = re.compile(rb"^(bindguard_[a-z_]+) ([0-9.eE+-]+)$", re.MULTILINE)


class _Version(msgspec.Struct):
    version: str


async def probe_pods(ask: Asker, namespace: str, pods: Sequence[Pod]) -> Mapping[str, PodProbe]:
    """What the pods that run tell, by their names."""
    running = [pod for pod in pods if pod.status.phase == "Running" and pod.metadata.deletion_timestamp is None]
    found = await asyncio.gather(*(_inside(ask, namespace, pod) for pod in running))
    return {pod.metadata.name: inside for pod, inside in zip(running, found, strict=True)}


async def _inside(ask: Asker, namespace: str, pod: Pod) -> PodProbe:
    """Through the API server's proxy, which reaches pods that cannot be reached from here."""
    port = pod.port("operations", _OPERATIONS_PORT)
    proxy = f"/api/v1/namespaces/{namespace}/pods/http:{pod.metadata.name}:{port}/proxy"
    version, readiness, registry, metrics, shown = await asyncio.gather(
        ask.read(f"{proxy}/version", lambda body: msgspec.json.decode(body, type=_Version).version),
        ask.said(f"{proxy}/readyz", lambda body: msgspec.json.decode(body, type=Readiness)),
        ask.object(f"{proxy}/registry", ServedRegistry),
        ask.read(f"{proxy}/metrics", _metrics),
        asyncio.to_thread(_shown, pod.status.pod_ip, pod.port("admission", _ADMISSION_PORT)),
    )
    return PodProbe(version=version, readiness=readiness, registry=registry, metrics=metrics, shown=shown)


def _metrics(body: bytes) -> Mapping[str, float]:
    return {name.decode(): float(value) for name, value in _METRIC.findall(body)}


def _shown(address: str, port: int) -> ReadResult[bytes]:
    if not address:
        return ReadResult(None, "the pod has no address")
    try:
        shown = shown_by(address, port, timeout_seconds=_HANDSHAKE_SECONDS)
    except PairError as error:
        return ReadResult(None, str(error), 0)
    return ReadResult(shown.certificate.public_bytes(Encoding.DER))
