"""Reads everything about an installation into one snapshot, and asks each pod about itself.

Nothing is stored in the cluster: access reviews are not stored, and VMs are created by a dry run.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from webhook import __version__
from webhook.cluster.api import ApiServer
from webhook.cluster.caller import user
from webhook.cluster.kubevirts import PATH
from webhook.doctor.api_reads import Reader
from webhook.doctor.dry_runs import dry_runs, namespace_for
from webhook.doctor.objects.meta import Selector
from webhook.doctor.objects.records import Lease, NamespaceList, Secret
from webhook.doctor.objects.webhooks import Configurations, WebhookConfiguration
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
    ReadinessResponse,
    ReadResult,
    ServedRegistry,
    Snapshot,
)
from webhook.tls.handshake import presented_by
from webhook.tls.problems import PairError

_OPERATIONS_PORT = 8080
_ADMISSION_PORT = 8443
_HANDSHAKE_SECONDS = 2.0
_METRIC = re.compile(rb"^(bindguard_[a-z_]+(?:\{[^}\n]*\})?) ([0-9.eE+-]+)$", re.MULTILINE)

_REGISTRATION = "/apis/admissionregistration.k8s.io/v1"
_VALIDATING = f"{_REGISTRATION}/validatingwebhookconfigurations"
_MUTATING = f"{_REGISTRATION}/mutatingwebhookconfigurations"
_USER = "system:serviceaccount:"
"""What the user name of a service account begins with. The pods' own, in a pod, may ask only about itself."""

_SLICE_VERSIONS = ("v1", "v1beta1")
"""Kubernetes before 1.21 has v1beta1 only. The fields that are read are the same in both."""


class _Version(msgspec.Struct):
    version: str


class _KubeVirts(msgspec.Struct):
    items: list[dict[str, object]] | None = None


async def collect(api: ApiServer, names: Names, at: datetime) -> Snapshot:
    """The installation as it is now.

    Raises:
        UnreadableError: The API server does not answer, or does not accept the credentials.
    """
    reader = Reader(api)
    await reader.check_access()
    place, account = f"/namespaces/{names.namespace}", f"{names.namespace}:{names.service_account}"
    validating, mutating, all_validating, all_mutating, kubevirts, namespaces = await asyncio.gather(
        reader.object(f"{_VALIDATING}/{names.configuration}", WebhookConfiguration),
        reader.object(f"{_MUTATING}/{names.configuration}", WebhookConfiguration),
        reader.object(_VALIDATING, Configurations),
        reader.object(_MUTATING, Configurations),
        _kubevirts(reader),
        reader.object("/api/v1/namespaces", NamespaceList),
    )
    deployment, settings, service, slices, lease, secret = await asyncio.gather(
        reader.object(f"/apis/apps/v1{place}/deployments/{names.deployment}", Deployment),
        reader.read(f"/api/v1{place}/configmaps/{names.deployment}", settings_in),
        reader.object(f"/api/v1{place}/services/{names.service}", Service),
        _slices(reader, names),
        reader.object(f"/apis/coordination.k8s.io/v1{place}/leases/{names.lease}", Lease),
        reader.object(f"/api/v1{place}/secrets/{names.secret}", Secret),
    )
    pods = await _pods(reader, names, deployment.value)
    probes = await probe_pods(reader, names.namespace, (pods.value.items or ()) if pods.value is not None else ())
    managed = settings.value.managed if settings.value is not None else lease.value is not None
    vm_webhook = validating.value.asked_about(*VM_CREATION) if validating.value is not None else None
    dry_run_namespace = names.dry_run_namespace or namespace_for(vm_webhook, namespaces, settings.value)
    may_be_called = vm_webhook is not None or validating.status == FORBIDDEN
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
        probes=probes,
        namespaces=namespaces,
        dry_runs=await dry_runs(reader, dry_run_namespace, vm_webhook) if may_be_called else None,
        caller=await _permissions(reader, of_caller(names, dry_run_namespace)),
        server=await _permissions(reader, of_server(names, managed=managed), account if await user(api) != f"{_USER}{account}" else None),
    )


async def probe_pods(reader: Reader, namespace: str, pods: Sequence[Pod]) -> Mapping[str, PodProbe]:
    """A probe of each running pod, by name."""
    running = [pod for pod in pods if pod.status.phase == "Running" and pod.metadata.deletion_timestamp is None]
    probes = await asyncio.gather(*(_probe(reader, namespace, pod) for pod in running))
    return {pod.metadata.name: probe for pod, probe in zip(running, probes, strict=True)}


async def _probe(reader: Reader, namespace: str, pod: Pod) -> PodProbe:
    """The operations port is asked through the API server's proxy: often pods cannot be reached from here."""
    port = pod.port("operations", _OPERATIONS_PORT)
    proxy = f"/api/v1/namespaces/{namespace}/pods/http:{pod.metadata.name}:{port}/proxy"
    version, readiness, registry, metrics, shown = await asyncio.gather(
        reader.read(f"{proxy}/version", lambda body: msgspec.json.decode(body, type=_Version).version),
        reader.read_any_status(f"{proxy}/readyz", lambda body: msgspec.json.decode(body, type=ReadinessResponse)),
        reader.object(f"{proxy}/registry", ServedRegistry),
        reader.read(f"{proxy}/metrics", lambda body: {name.decode(): float(value) for name, value in _METRIC.findall(body)}),
        asyncio.to_thread(_shown_certificate, pod.status.pod_ip, pod.port("admission", _ADMISSION_PORT)),
    )
    return PodProbe(version=version, readiness=readiness, registry=registry, metrics=metrics, shown=shown)


def _shown_certificate(address: str, port: int) -> ReadResult[bytes]:
    if not address:
        return ReadResult(None, "the pod has no address")
    try:
        shown = presented_by(address, port, timeout_seconds=_HANDSHAKE_SECONDS)
    except PairError as error:
        return ReadResult(None, str(error), 0)
    return ReadResult(shown.certificate.public_bytes(Encoding.DER))


async def _kubevirts(reader: Reader) -> ReadResult[Sequence[object]]:
    """All KubeVirt CRs; none where the cluster does not know the kind."""
    found = await reader.object(PATH, _KubeVirts)
    if found.status == NOT_FOUND:
        return ReadResult(())
    return ReadResult(None, found.problem, found.status) if found.value is None else ReadResult(found.value.items or ())


async def _slices(reader: Reader, names: Names) -> ReadResult[EndpointSlices]:
    """The EndpointSlices of the Service, in the first API version that the cluster has."""
    of_service = {"labelSelector": f"kubernetes.io/service-name={names.service}"}
    for version in _SLICE_VERSIONS:
        path = f"/apis/discovery.k8s.io/{version}/namespaces/{names.namespace}/endpointslices"
        found = await reader.object(path, EndpointSlices, of_service)
        if found.status != NOT_FOUND:
            break
    return found


async def _pods(reader: Reader, names: Names, deployment: Deployment | None) -> ReadResult[Pods]:
    selector = deployment.spec.selector if deployment is not None else Selector(match_labels={"app.kubernetes.io/name": "bindguard"})
    labels = ",".join(f"{key}={value}" for key, value in (selector.match_labels or {}).items())
    return await reader.object(f"/api/v1/namespaces/{names.namespace}/pods", Pods, {"labelSelector": labels})


async def _permissions(reader: Reader, needs: Iterable[Need], service_account: str | None = None) -> Mapping[Need, ReadResult[bool]]:
    asked = list(needs)
    return dict(zip(asked, await asyncio.gather(*(reader.is_allowed(need, service_account) for need in asked)), strict=True))
