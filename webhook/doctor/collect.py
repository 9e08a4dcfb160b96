"""Everything about an installation asked for, all at once, in a snapshot.

Writes nothing but access reviews, which leave no trace.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from webhook import __version__
from webhook.cluster.api import ApiServer
from webhook.cluster.kubevirts import PATH
from webhook.doctor.api_reads import Asker
from webhook.doctor.objects.meta import Selector
from webhook.doctor.objects.records import Lease, Secret
from webhook.doctor.objects.webhooks import Configuration, Configurations
from webhook.doctor.objects.workload import Deployment, EndpointSlices, Pods, Service
from webhook.doctor.pod_probes import probe_pods
from webhook.doctor.required_permissions import of_caller, of_server
from webhook.doctor.settings import settings_in
from webhook.doctor.snapshot import NOT_FOUND, Names, Need, ReadResult, Snapshot

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
    validating, mutating, all_validating, all_mutating, kubevirts = await asyncio.gather(
        ask.object(f"{_VALIDATING}/{names.configuration}", Configuration),
        ask.object(f"{_MUTATING}/{names.configuration}", Configuration),
        ask.object(_VALIDATING, Configurations),
        ask.object(_MUTATING, Configurations),
        _kubevirts(ask),
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
        inside=await probe_pods(ask, names.namespace, (pods.value.items or ()) if pods.value is not None else ()),
        caller=await _permissions(ask, of_caller(names)),
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
