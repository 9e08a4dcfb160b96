"""Everything about an installation asked for, all at once, in a snapshot. Judges nothing.

Writes nothing but access reviews, which leave no trace.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from webhook import __version__
from webhook.cluster.api import ApiServer
from webhook.cluster.kubevirts import PATH
from webhook.doctor.asking import Asker
from webhook.doctor.needs import of_caller, of_server
from webhook.doctor.objects import (
    Configuration,
    Configurations,
    Deployment,
    EndpointSlices,
    Lease,
    Pod,
    Pods,
    Secret,
    Selector,
    Service,
)
from webhook.doctor.snapshot import NOT_FOUND, Answer, Inside, Names, Need, Readiness, ServedRegistry, Snapshot
from webhook.tls.problem import PairError
from webhook.tls.remote import shown_by

_REGISTRATION = "/apis/admissionregistration.k8s.io/v1"
_VALIDATING = f"{_REGISTRATION}/validatingwebhookconfigurations"
_MUTATING = f"{_REGISTRATION}/mutatingwebhookconfigurations"
_OPERATIONS_PORT = 8080
_TLS_PORT = 8443
_HANDSHAKE_SECONDS = 2.0
_METRIC = re.compile(rb"^(bindguard_[a-z_]+) ([0-9.eE+-]+)$", re.MULTILINE)


class _KubeVirts(msgspec.Struct):
    items: list[dict[str, object]] | None = None


class _Version(msgspec.Struct):
    version: str


async def gather(api: ApiServer, names: Names, at: datetime) -> Snapshot:
    """The installation as it is now; `UnreadableError` when the API server cannot be asked."""
    ask = Asker(api)
    inside = f"/namespaces/{names.namespace}"
    of_service = {"labelSelector": f"kubernetes.io/service-name={names.service}"}
    validating, mutating, all_validating, all_mutating, kubevirts = await asyncio.gather(
        ask.object(f"{_VALIDATING}/{names.configuration}", Configuration),
        ask.object(f"{_MUTATING}/{names.configuration}", Configuration),
        ask.object(_VALIDATING, Configurations),
        ask.object(_MUTATING, Configurations),
        _kubevirts(ask),
    )
    deployment, service, slices, lease, secret = await asyncio.gather(
        ask.object(f"/apis/apps/v1{inside}/deployments/{names.deployment}", Deployment),
        ask.object(f"/api/v1{inside}/services/{names.service}", Service),
        ask.object(f"/apis/discovery.k8s.io/v1{inside}/endpointslices", EndpointSlices, of_service),
        ask.object(f"/apis/coordination.k8s.io/v1{inside}/leases/{names.lease}", Lease),
        ask.object(f"/api/v1{inside}/secrets/{names.secret}", Secret),
    )
    pods = await _pods(ask, names, deployment.value)
    account = f"system:serviceaccount:{names.namespace}:{names.service_account}"
    return Snapshot(
        names=names,
        at=at,
        version=__version__,
        validating=validating,
        mutating=mutating,
        all_validating=all_validating,
        all_mutating=all_mutating,
        deployment=deployment,
        pods=pods,
        service=service,
        slices=slices,
        lease=lease,
        secret=secret,
        kubevirts=kubevirts,
        inside=await _insides(ask, names, (pods.value.items or ()) if pods.value is not None else ()),
        caller=await _permissions(ask, of_caller(names)),
        server=await _permissions(ask, of_server(names, managed=lease.value is not None), account),
    )


async def _kubevirts(ask: Asker) -> Answer[Sequence[object]]:
    """Where the kind is not known there is no KubeVirt, which is an answer."""
    found = await ask.object(PATH, _KubeVirts)
    if found.status == NOT_FOUND:
        return Answer(())
    return Answer(None, found.problem, found.status) if found.value is None else Answer(found.value.items or ())


async def _pods(ask: Asker, names: Names, deployment: Deployment | None) -> Answer[Pods]:
    selector = deployment.spec.selector if deployment is not None else Selector(match_labels={"app.kubernetes.io/name": "bindguard"})
    labels = ",".join(f"{key}={value}" for key, value in (selector.match_labels or {}).items())
    return await ask.object(f"/api/v1/namespaces/{names.namespace}/pods", Pods, {"labelSelector": labels})


async def _permissions(ask: Asker, needs: Iterable[Need], user: str | None = None) -> Mapping[Need, Answer[bool]]:
    asked = list(needs)
    return dict(zip(asked, await asyncio.gather(*(ask.may(need, user) for need in asked)), strict=True))


async def _insides(ask: Asker, names: Names, pods: Sequence[Pod]) -> Mapping[str, Inside]:
    running = [pod for pod in pods if pod.status.phase == "Running" and pod.metadata.deletion_timestamp is None]
    found = await asyncio.gather(*(_inside(ask, names, pod) for pod in running))
    return {pod.metadata.name: inside for pod, inside in zip(running, found, strict=True)}


async def _inside(ask: Asker, names: Names, pod: Pod) -> Inside:
    """Through the API server's proxy, which reaches pods that cannot be reached from here."""
    proxy = f"/api/v1/namespaces/{names.namespace}/pods/http:{pod.metadata.name}:{_OPERATIONS_PORT}/proxy"
    version, readiness, registry, metrics, shown = await asyncio.gather(
        ask.read(f"{proxy}/version", lambda body: msgspec.json.decode(body, type=_Version).version),
        ask.said(f"{proxy}/readyz", lambda body: msgspec.json.decode(body, type=Readiness)),
        ask.object(f"{proxy}/registry", ServedRegistry),
        ask.read(f"{proxy}/metrics", _metrics),
        asyncio.to_thread(_shown, pod.status.pod_ip),
    )
    return Inside(version=version, readiness=readiness, registry=registry, metrics=metrics, shown=shown)


def _metrics(body: bytes) -> Mapping[str, float]:
    return {name.decode(): float(value) for name, value in _METRIC.findall(body)}


def _shown(address: str) -> Answer[bytes]:
    if not address:
        return Answer(None, "the pod has no address")
    try:
        shown = shown_by(address, _TLS_PORT, timeout_seconds=_HANDSHAKE_SECONDS)
    except PairError as error:
        return Answer(None, str(error), 0)
    return Answer(shown.certificate.public_bytes(Encoding.DER))
