"""Everything about an installation, read at once into a snapshot, with what each pod reports about itself.

Nothing is stored: access reviews leave no trace, and VMs are created by dry runs alone.
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
from webhook.doctor.api_reads import Asker
from webhook.doctor.dry_runs import dry_runs, namespace_for
from webhook.doctor.objects.meta import Selector
from webhook.doctor.objects.records import Lease, Namespaces, Secret
from webhook.doctor.objects.webhooks import Configuration, Configurations
from webhook.doctor.objects.workload import Deployment, EndpointSlices, Pod, Pods, Service
from webhook.doctor.required_permissions import of_caller, of_server
from webhook.doctor.settings import settings_in
from webhook.doctor.snapshot import (
    FORBIDDEN,
    NOT_FOUND,
    VM_CREATION,
    Names,
    Need,
    PodProbe,
    Readiness,
    ReadResult,
    ServedRegistry,
    Snapshot,
)
from webhook.tls.handshake import shown_by
from webhook.tls.problems import PairError

_OPERATIONS_PORT = 8080
_ADMISSION_PORT = 8443
_HANDSHAKE_SECONDS = 2.0
_METRIC = re.compile(rb"^(bindguard_[a-z_]+(?:\{[^}\n]*\})?) ([0-9.eE+-]+)$", re.MULTILINE)


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


_REGISTRATION = "/apis/admissionregistration.k8s.io/v1"
_VALIDATING = f"{_REGISTRATION}/validatingwebhookconfigurations"
_MUTATING = f"{_REGISTRATION}/mutatingwebhookconfigurations"
_SLICE_VERSIONS = ("v1", "v1beta1")
"""Kubernetes before 1.21 serves the second alone; what is read is the same in both."""


class _KubeVirts(msgspec.Struct):
    items: list[dict[str, object]] | None = None


async def gather(api: ApiServer, names: Names, at: datetime) -> Snapshot:
    """The installation as it is now; `UnreadableError` when the API server cannot be asked."""
    ask = Asker(api)
    await ask.reachable()
    inside = f"/namespaces/{names.namespace}"
    validating, mutating, all_validating, all_mutating, kubevirts, namespaces = await asyncio.gather(
        ask.object(f"{_VALIDATING}/{names.configuration}", Configuration),
        ask.object(f"{_MUTATING}/{names.configuration}", Configuration),
        ask.object(_VALIDATING, Configurations),
        ask.object(_MUTATING, Configurations),
        _kubevirts(ask),
        ask.object("/api/v1/namespaces", Namespaces),
    )
    deployment, settings, service, slices, lease, secret = await asyncio.gather(
        ask.object(f"/apis/apps/v1{inside}/deployments/{names.deployment}", Deployment),
        ask.read(f"/api/v1{inside}/configmaps/{names.deployment}", settings_in),
        ask.object(f"/api/v1{inside}/services/{names.service}", Service),
        _slices(ask, names),
        ask.object(f"/apis/coordination.k8s.io/v1{inside}/leases/{names.lease}", Lease),
        ask.object(f"/api/v1{inside}/secrets/{names.secret}", Secret),
    )
    pods = await _pods(ask, names, deployment.value)
    managed = settings.value.managed if settings.value is not None else lease.value is not None
    vm_webhook = validating.value.asked_about(*VM_CREATION) if validating.value is not None else None
    namespace = names.dry_run_namespace or namespace_for(vm_webhook, namespaces, settings.value)
    probes = await probe_pods(ask, names.namespace, (pods.value.items or ()) if pods.value is not None else ())
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
        settings=settings,
        pods=pods,
        service=service,
        slices=slices,
        lease=lease,
        secret=secret,
        kubevirts=kubevirts,
        inside=probes,
        namespaces=namespaces,
        dry_runs=await dry_runs(ask, namespace, vm_webhook) if vm_webhook is not None or validating.status == FORBIDDEN else None,
        caller=await _permissions(ask, of_caller(names, namespace)),
        server=await _permissions(ask, of_server(names, managed=managed), account),
    )


async def _kubevirts(ask: Asker) -> ReadResult[Sequence[object]]:
    """Where the kind is not known there is no KubeVirt, which is an answer."""
    found = await ask.object(PATH, _KubeVirts)
    if found.status == NOT_FOUND:
        return ReadResult(())
    return ReadResult(None, found.problem, found.status) if found.value is None else ReadResult(found.value.items or ())


async def _slices(ask: Asker, names: Names) -> ReadResult[EndpointSlices]:
    """Those of the Service, in the first version that is served."""
    of_service = {"labelSelector": f"kubernetes.io/service-name={names.service}"}
    for version in _SLICE_VERSIONS:
        path = f"/apis/discovery.k8s.io/{version}/namespaces/{names.namespace}/endpointslices"
        found = await ask.object(path, EndpointSlices, of_service)
        if found.status != NOT_FOUND:
            break
    return found


async def _pods(ask: Asker, names: Names, deployment: Deployment | None) -> ReadResult[Pods]:
    selector = deployment.spec.selector if deployment is not None else Selector(match_labels={"app.kubernetes.io/name": "bindguard"})
    labels = ",".join(f"{key}={value}" for key, value in (selector.match_labels or {}).items())
    return await ask.object(f"/api/v1/namespaces/{names.namespace}/pods", Pods, {"labelSelector": labels})


async def _permissions(ask: Asker, needs: Iterable[Need], user: str | None = None) -> Mapping[Need, ReadResult[bool]]:
    asked = list(needs)
    return dict(zip(asked, await asyncio.gather(*(ask.may(need, user) for need in asked)), strict=True))
