"""Create the parts of a server from its settings, and connect them."""

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager

import structlog

from webhook import __version__
from webhook.admission.rule_set import RuleSet
from webhook.cluster.clock import Clock
from webhook.http.cluster_metrics import ClusterMetrics
from webhook.http.limited_listener import LimitedListener
from webhook.http.limits import OPERATIONS, ConnectionLimits, Limits
from webhook.http.listener import Listener
from webhook.http.logs import ConnectionLog
from webhook.http.metrics import Metrics
from webhook.http.operations import operations_app
from webhook.http.pool import TurnedAway
from webhook.http.probes import Check
from webhook.http.router import Router
from webhook.runtime.certificate.from_settings import ca_bundle, listening_context
from webhook.runtime.engine import engine_of
from webhook.runtime.polling import Poller
from webhook.runtime.registry.file import RegistryFile
from webhook.runtime.reloader import certificate_watcher, registry_watcher
from webhook.runtime.settings.model import ServeSettings, Transport
from webhook.runtime.sources import WORLD, Sources, World, sources_of
from webhook.tls.handshake import handshake
from webhook.tls.problems import PairError
from webhook.tls.provider import CertificateProvider

log = structlog.get_logger(__name__)


@asynccontextmanager
async def assembled(
    settings: ServeSettings, world: World = WORLD, *, log_lines_dropped: Callable[[], int] = int
) -> AsyncIterator["Assembly"]:
    """The parts of a server, while the block runs.

    Args:
        settings: The settings.
        world: API server and clock.
        log_lines_dropped: Returns how many log lines were dropped, for a metric.

    Raises:
        BindguardError: The registry, the certificate or the cluster's configuration cannot be used.
    """
    metrics = Metrics(__version__)
    metrics.log_lines_dropped.read = log_lines_dropped
    async with sources_of(settings, ClusterMetrics(metrics.registry), world=world) as sources:
        yield Assembly(settings, sources, metrics, world.clock)


class Assembly:
    """The parts of one server.

    Attributes:
        registry: The source of the rule set: a registry file, or the cluster.
        ca_bundle: The self-signed CA for a webhook configuration, base64; empty without one.
        checks: The readiness checks, by name.
        admission: The listener of the admission port; `None` until it is open.
        operations: The listener of the operations port.
        draining: Whether the server is shutting down; readiness then fails.
    """

    def __init__(self, settings: ServeSettings, sources: Sources, metrics: Metrics, clock: Clock) -> None:
        """Create the parts; `BindguardError` when something cannot be used."""
        self._settings = settings
        self._metrics = metrics
        self._sources = sources
        self._clock = clock
        self.draining = False
        self.registry = sources.registry
        self.ca_bundle = ca_bundle(settings) if settings.transport is Transport.SELF_SIGNED else ""
        self._watchers = self._create_watchers()
        self.checks = self._create_checks()
        self._router = self._create_router()
        self.admission: Listener | None = None
        self.operations = self._create_operations()
        self._connect_metrics()
        if settings.plain_uvicorn:
            log.warning("connections are not limited", remedy="unset plain_uvicorn where other pods reach the ports")

    @property
    def certificate(self) -> CertificateProvider | None:
        """The certificate provider; `None` without TLS, and until a managed certificate has been created."""
        return None if self._sources.certificate is None else self._sources.certificate.source

    def rule_set(self) -> RuleSet:
        """The current rule set."""
        return self.registry.rule_set

    def background_tasks(self) -> list[tuple[str, Coroutine[object, None, None]]]:
        """Name and coroutine of each background task. They run as long as the server; none may end before."""
        watchers = [(f"watcher of {watcher.name}", watcher.run()) for watcher in self._watchers]
        return watchers + [(name, run()) for name, run in self._sources.background_tasks.items()]

    def reload_now(self) -> None:
        """Check all files for changes now, without waiting for the next poll."""
        log.info("reload requested")
        for watcher in self._watchers:
            watcher.wake()

    async def admission_port(self) -> Listener:
        """Create the listener of the admission port; waits for a managed certificate. The caller starts it."""
        settings, certificate = self._settings, self._sources.certificate
        source = None if certificate is None else await certificate.wait_until_available()
        factory = None if source is None else functools.partial(listening_context, settings, source)
        if settings.plain_uvicorn:
            return Listener(self._router, host=settings.host, port=settings.port, ssl_context_factory=factory)
        return LimitedListener(
            self._router,
            host=settings.host,
            port=settings.port,
            limits=ConnectionLimits(head_seconds=settings.header_seconds, body_seconds=settings.body_seconds),
            ssl_context_factory=factory,
            refused=self._metrics.malformed,
            turned_away=self._turned_away("admission"),
        )

    def _create_watchers(self) -> tuple[Poller, ...]:
        watchers = []
        if isinstance(self.registry, RegistryFile):
            watchers.append(registry_watcher(self.registry, self._metrics, seconds=self._settings.reload_seconds))
        if self._sources.certificate is not None:
            watchers.append(certificate_watcher(self._sources.certificate, seconds=self._settings.reload_seconds))
        return tuple(watchers)

    def _create_router(self) -> Router:
        settings = self._settings
        limits = Limits(
            max_body_bytes=settings.max_body_bytes,
            max_in_flight=settings.max_in_flight,
            default_deadline_seconds=settings.deadline_seconds,
        )
        engine = engine_of(settings, self.rule_set, self._sources.vmis, self._sources.confirm)
        return Router(engine, limits=limits, metrics=self._metrics, verifies_clients=settings.client_ca is not None)

    def _create_operations(self) -> Listener:
        settings = self._settings
        app = operations_app(
            front=self._router,
            rule_set=self.rule_set,
            metrics=self._metrics,
            checks=self.checks,
            version=__version__,
            problem=self._registry_problem,
        )
        if settings.plain_uvicorn:
            return Listener(app, host=settings.operations_host, port=settings.operations_port)
        return LimitedListener(
            app,
            host=settings.operations_host,
            port=settings.operations_port,
            limits=OPERATIONS,
            turned_away=self._turned_away("operations"),
            earns_trust=False,
        )

    def _turned_away(self, port: str) -> Callable[[TurnedAway], None]:
        log_of_port = ConnectionLog(port)

        def record(reason: TurnedAway) -> None:
            self._metrics.turned_away(port, reason.value)
            log_of_port.turned_away(reason)

        return record

    def _create_checks(self) -> Mapping[str, Check]:
        checks: dict[str, Check] = {"registry": self.registry.check}
        checks |= {watcher.name: watcher.check for watcher in self._watchers}
        if self._sources.certificate is not None:
            checks |= {"validity": self._certificate_is_valid, "handshake": self._handshake_works}
        return checks | {"admission": self._is_open, "draining": self._is_not_draining}

    async def _certificate_is_valid(self) -> str | None:
        certificate = self._sources.certificate
        if certificate is None or certificate.source is None:
            return None if certificate is None else await certificate.check()
        try:
            certificate.source.pair.still_valid(self._clock.utc())
        except PairError as error:
            return str(error)
        return None

    async def _handshake_works(self) -> str | None:
        source, admission = self.certificate, self.admission
        if source is None or admission is None:
            return None
        return await handshake(self._settings.host, admission.port, source, send_request=self._settings.client_ca is None)

    async def _is_open(self) -> str | None:
        return "the admission port is not open yet" if self.admission is None else None

    async def _is_not_draining(self) -> str | None:
        return "the server is shutting down" if self.draining else None

    def _connect_metrics(self) -> None:
        metrics = self._metrics
        metrics.registry_age.set_function(self._registry_age)
        metrics.registry_version.tells = self._registry_version
        metrics.registry_plugins.set_function(self._plugins)
        metrics.registry_problem.set_function(self._has_registry_problem)
        metrics.connections.labels("admission").set_function(self._admission_connections)
        metrics.connections.labels("operations").set_function(self._operations_connections)
        if self._sources.certificate is not None:
            metrics.certificate_expiry.set_function(self._certificate_expiry)
            metrics.certificate_problem.set_function(self._has_certificate_problem)
            metrics.certificate_reload_failures.read = self._certificate_failures

    def _registry_age(self) -> float:
        return self._clock.now() - self.registry.rule_set.read_at

    def _registry_version(self) -> str:
        return self.registry.rule_set.version

    def _plugins(self) -> int:
        return len(self.registry.rule_set.registry.plugins)

    def _registry_problem(self) -> str | None:
        return self.registry.problem

    def _has_registry_problem(self) -> bool:
        return self.registry.problem is not None

    def _admission_connections(self) -> int:
        return 0 if self.admission is None else self.admission.connections

    def _operations_connections(self) -> int:
        return self.operations.connections

    def _certificate_expiry(self) -> float:
        return 0.0 if self.certificate is None else self.certificate.expires_at

    def _has_certificate_problem(self) -> bool:
        return self.certificate is None or self.certificate.last_error is not None

    def _certificate_failures(self) -> int:
        return 0 if self.certificate is None else self.certificate.failures
