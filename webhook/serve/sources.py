"""Where a server's registry, VMIs and certificate come from: files, or a cluster, as the settings say. Follows none of them."""

from collections.abc import Callable
from typing import NamedTuple

import structlog

from webhook.admission.vmi_source import VMISource
from webhook.cluster.api import ApiServer
from webhook.cluster.connection import connect, pod_namespace
from webhook.cluster.vmis import ClusterVMIs
from webhook.errors import UsageError
from webhook.serve.certificate.chosen import certificate_source, pair_files
from webhook.serve.certificate.managed import ManagedCertificate, ManagedNames
from webhook.serve.registry.choices import choices_of
from webhook.serve.registry.cluster import ClusterRegistry
from webhook.serve.registry.file import RegistryFile, supplementary_from
from webhook.serve.registry.last_good import LastGood
from webhook.serve.registry.options import Options
from webhook.serve.settings.model import ServeSettings, Transport
from webhook.serve.vmi_directory import NoVMIs, VMIDirectory
from webhook.server.cluster_metrics import ClusterMetrics
from webhook.server.reviewers import Confirm
from webhook.tls.source import CertificateSource

log = structlog.get_logger(__name__)


class Sources(NamedTuple):
    """All of them.

    Attributes:
        registry: What is judged by: a file that is looked at, or a cluster that is followed.
        vmis: Where the VMI of a launcher pod is read.
        confirm: Reads the registry again before a denial; `None` where it cannot lag.
        certificate: Where the pair comes from; `None` without TLS.
        api: The API server, if one is asked.
    """

    registry: RegistryFile | ClusterRegistry
    vmis: VMISource
    confirm: Confirm | None
    certificate: CertificateSource | ManagedCertificate | None
    api: ApiServer | None


async def sources_of(settings: ServeSettings, metrics: ClusterMetrics, *, changed: Callable[[], None]) -> Sources:
    """Everything that the settings name; files are read, a cluster is not asked yet.

    `changed` is called when there is a new certificate to look at. `BindguardError` when something cannot be used.
    """
    api = await connect(kubeconfig=settings.kubeconfig, context=settings.context) if settings.cluster or settings.managed else None
    certificate = _certificate(settings, api, metrics, changed)
    if settings.cluster and api is not None:
        registry = ClusterRegistry(api, _options(settings, metrics))
        return Sources(registry, _vmis(settings) or ClusterVMIs(api), registry.confirm, certificate, api)
    file = RegistryFile(settings.registry or "", choices_of(settings))
    return Sources(file, _vmis(settings) or _no_vmis(settings), None, certificate, api)


def _options(settings: ServeSettings, metrics: ClusterMetrics) -> Options:
    return Options(
        choices=choices_of(settings),
        supplementary={} if settings.supplementary is None else supplementary_from(settings.supplementary),
        last_good=None if settings.state_directory is None else LastGood(settings.state_directory),
        tally=metrics,
    )


def _vmis(settings: ServeSettings) -> VMISource | None:
    return None if settings.vmi_directory is None else VMIDirectory(settings.vmi_directory)


def _no_vmis(settings: ServeSettings) -> VMISource:
    if settings.overhead != "off":
        log.warning("no source of VMIs", consequence="launcher pods stay as they are", remedy="set vmi_directory, or overhead: off")
    return NoVMIs()


def _certificate(
    settings: ServeSettings, api: ApiServer | None, metrics: ClusterMetrics, changed: Callable[[], None]
) -> CertificateSource | ManagedCertificate | None:
    if settings.transport is Transport.PLAIN_HTTP:
        return None
    if settings.transport is not Transport.MANAGED or api is None:
        return certificate_source(settings)
    managed = ManagedCertificate(
        api,
        _managed_names(settings),
        files=pair_files(settings, "", "", ()),
        changed=changed,
        skew=lambda: api.skew,
        settle_seconds=settings.managed_settle_seconds,
    )
    metrics.follow_certificate(
        leads=lambda: managed.leads,
        stuck=lambda: managed.keeper_problem is not None,
        repairs=lambda: managed.repairs,
        ca_expires_at=lambda: managed.followed.ca_expires_at,
    )
    return managed


def _managed_names(settings: ServeSettings) -> ManagedNames:
    namespace = settings.managed_namespace or pod_namespace()
    if namespace is None:
        raise UsageError("managed: this is no pod, so the namespace of the Secret is not known; give --managed-namespace NAME")
    return ManagedNames(
        namespace=namespace,
        secret=settings.managed_secret,
        lease=settings.managed_lease,
        webhook_configuration=settings.webhook_configuration,
        names=settings.tls_names,
    )
