"""The sources of registry, VMIs and certificate by the settings: files, or a cluster."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple, TypeAlias

import structlog

from webhook.admission.vmi_source import VMISource
from webhook.cluster.api import ApiServer
from webhook.cluster.clock import CLOCK, Clock
from webhook.cluster.connection import connect, pod_namespace
from webhook.cluster.vmis import ClusterVMIs
from webhook.errors import UsageError
from webhook.http.cluster_metrics import ClusterMetrics
from webhook.http.reviewers import Confirm
from webhook.runtime.certificate.from_settings import ConfiguredCertificate, certificate_source, pair_files
from webhook.runtime.certificate.managed import ManagedCertificate, ManagedNames
from webhook.runtime.certificate.reload import Certificate
from webhook.runtime.registry.cluster import ClusterRegistry
from webhook.runtime.registry.file import RegistryFile, supplementary_from
from webhook.runtime.registry.last_good import LastGood
from webhook.runtime.registry.options import ClusterRegistryOptions, choices_of
from webhook.runtime.settings.model import ServeSettings, Transport
from webhook.runtime.vmi_directory import NoVMIs, VMIDirectory

log = structlog.get_logger(__name__)


BackgroundTask: TypeAlias = Callable[[], Coroutine[object, None, None]]


class Sources(NamedTuple):
    """The sources of one server.

    Attributes:
        registry: The source of the rule set: a file that is polled, or the cluster's KubeVirt CRs, which are watched.
        vmis: Reads the VMI of a launcher pod.
        confirm: Reads the registry again before a denial; `None` for a file.
        certificate: The certificate of the admission port; `None` without TLS.
        background_tasks: Functions that start the background tasks, by name.
    """

    registry: RegistryFile | ClusterRegistry
    vmis: VMISource
    confirm: Confirm | None
    certificate: Certificate | None
    background_tasks: Mapping[str, BackgroundTask]


async def _connect(settings: ServeSettings) -> ApiServer:
    return await connect(kubeconfig=settings.kubeconfig, context=settings.context)


class World(NamedTuple):
    """The environment of a server; the simulation has another one.

    Attributes:
        connect: Returns a client of the API server.
        clock: Gives the time, and sleeps.
    """

    connect: Callable[[ServeSettings], Awaitable[ApiServer]] = _connect
    clock: Clock = CLOCK


WORLD = World()
"""The real API server and clock."""


@asynccontextmanager
async def sources_of(settings: ServeSettings, metrics: ClusterMetrics, *, world: World = WORLD) -> AsyncIterator[Sources]:
    """The sources that the settings name, while the block runs. Files are read at once, a cluster by the background tasks.

    Raises:
        BindguardError: A file or the connection's configuration cannot be used.
    """
    if not settings.cluster and not settings.managed:
        yield _from_files(settings, _configured_certificate(settings), {})
        return
    api = await world.connect(settings)
    async with AsyncExitStack() as cleanup:
        cleanup.push_async_callback(api.close)
        certificate, background_tasks = _configured_certificate(settings), dict[str, BackgroundTask]()
        if settings.managed:
            certificate = managed = _managed_certificate(settings, api, metrics, world.clock)
            cleanup.push_async_callback(managed.stop)
            background_tasks["managed certificate"] = managed.run
        if not settings.cluster:
            yield _from_files(settings, certificate, background_tasks)
            return
        registry = ClusterRegistry(api, _cluster_options(settings, metrics, world.clock))
        background_tasks["registry"] = registry.run
        yield Sources(registry, _vmis(settings) or ClusterVMIs(api, clock=world.clock), registry.confirm, certificate, background_tasks)


def _from_files(settings: ServeSettings, certificate: Certificate | None, background_tasks: Mapping[str, BackgroundTask]) -> Sources:
    file = RegistryFile(settings.registry or "", choices_of(settings))
    return Sources(file, _vmis(settings) or _no_vmis(settings), None, certificate, background_tasks)


def _cluster_options(settings: ServeSettings, metrics: ClusterMetrics, clock: Clock) -> ClusterRegistryOptions:
    return ClusterRegistryOptions(
        choices=choices_of(settings),
        supplementary={} if settings.supplementary is None else supplementary_from(settings.supplementary),
        last_good=None if settings.state_directory is None else LastGood(settings.state_directory),
        tally=metrics,
        clock=clock,
    )


def _vmis(settings: ServeSettings) -> VMISource | None:
    return None if settings.vmi_directory is None else VMIDirectory(settings.vmi_directory)


def _no_vmis(settings: ServeSettings) -> VMISource:
    if settings.overhead != "off":
        log.warning("no source of VMIs", consequence="launcher pods stay as they are", remedy="set vmi_directory, or overhead: off")
    return NoVMIs()


def _configured_certificate(settings: ServeSettings) -> Certificate | None:
    """The certificate in files; `None` for another transport."""
    in_files = settings.transport in {Transport.FILES, Transport.SELF_SIGNED}
    return ConfiguredCertificate(certificate_source(settings)) if in_files else None


def _managed_certificate(settings: ServeSettings, api: ApiServer, metrics: ClusterMetrics, clock: Clock) -> ManagedCertificate:
    def skew() -> float | None:
        return api.skew

    managed = ManagedCertificate(
        api,
        _managed_names(settings),
        files=pair_files(settings, "", "", ()),
        skew=skew,
        settle_seconds=settings.managed_settle_seconds,
        clock=clock,
    )
    metrics.follow_certificate(
        leads=lambda: managed.leads,
        stuck=lambda: managed.controller_problem is not None,
        repairs=lambda: managed.repairs,
        glass_is_broken=lambda: managed.glass_is_broken,
        ca_expires_at=lambda: managed.secret_watcher.ca_expires_at,
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
