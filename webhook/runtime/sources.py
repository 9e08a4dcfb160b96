"""Where a server's registry, VMIs and certificate come from: files, or a cluster, as the settings say."""

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


Endless: TypeAlias = Callable[[], Coroutine[object, None, None]]


class Sources(NamedTuple):
    """All of them.

    Attributes:
        registry: What objects are checked against: a file that is looked at, or a cluster that is followed.
        vmis: Where the VMI of a launcher pod is read.
        confirm: Reads the registry again before a denial; `None` where it cannot lag.
        certificate: Where the pair comes from; `None` without TLS.
        endless: What follows the cluster for as long as the server runs, by name.
    """

    registry: RegistryFile | ClusterRegistry
    vmis: VMISource
    confirm: Confirm | None
    certificate: Certificate | None
    endless: Mapping[str, Endless]


async def _connect(settings: ServeSettings) -> ApiServer:
    return await connect(kubeconfig=settings.kubeconfig, context=settings.context)


class World(NamedTuple):
    """What a server is in: another one is brought along by the simulation.

    Attributes:
        connect: Gives the API server.
        clock: Time, and waiting.
    """

    connect: Callable[[ServeSettings], Awaitable[ApiServer]] = _connect
    clock: Clock = CLOCK


WORLD = World()
"""The real one."""


@asynccontextmanager
async def sources_of(settings: ServeSettings, metrics: ClusterMetrics, *, world: World = WORLD) -> AsyncIterator[Sources]:
    """Everything that the settings name, for as long as the block runs; files are read, a cluster is not asked yet.

    `BindguardError` when something cannot be used.
    """
    if not settings.cluster and not settings.managed:
        yield _of_files(settings, _given(settings), {})
        return
    api = await world.connect(settings)
    async with AsyncExitStack() as ending:
        ending.push_async_callback(api.close)
        certificate, endless = _given(settings), dict[str, Endless]()
        if settings.managed:
            certificate = managed = _managed(settings, api, metrics, world.clock)
            ending.push_async_callback(managed.stop)
            endless["managed certificate"] = managed.run
        if not settings.cluster:
            yield _of_files(settings, certificate, endless)
            return
        registry = ClusterRegistry(api, _options(settings, metrics, world.clock))
        endless["registry"] = registry.run
        yield Sources(registry, _vmis(settings) or ClusterVMIs(api, clock=world.clock), registry.confirm, certificate, endless)


def _of_files(settings: ServeSettings, certificate: Certificate | None, endless: Mapping[str, Endless]) -> Sources:
    file = RegistryFile(settings.registry or "", choices_of(settings))
    return Sources(file, _vmis(settings) or _no_vmis(settings), None, certificate, endless)


def _options(settings: ServeSettings, metrics: ClusterMetrics, clock: Clock) -> ClusterRegistryOptions:
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


def _given(settings: ServeSettings) -> Certificate | None:
    """The certificate that nobody here manages."""
    given = settings.transport in {Transport.FILES, Transport.SELF_SIGNED}
    return ConfiguredCertificate(certificate_source(settings)) if given else None


def _managed(settings: ServeSettings, api: ApiServer, metrics: ClusterMetrics, clock: Clock) -> ManagedCertificate:
    managed = ManagedCertificate(
        api,
        _managed_names(settings),
        files=pair_files(settings, "", "", ()),
        skew=lambda: api.skew,
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
