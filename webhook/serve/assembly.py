"""The parts of a server, made from its settings and wired to each other. Starts none of them."""

import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from webhook import __version__
from webhook.admission.mutation import OverheadMode
from webhook.admission.rulebook import Rulebook
from webhook.admission.vmi_source import VMISource, VMISourceError
from webhook.kube.version import parse_version
from webhook.serve.certificate import ca_bundle, certificate_source, listening_context
from webhook.serve.namespaces import Namespaces
from webhook.serve.registry_file import Choices, RegistryFile
from webhook.serve.reloading import watchers
from webhook.serve.settings import ServeSettings, Transport
from webhook.serve.vmi_directory import VMIDirectory
from webhook.server.front import FrontDoor
from webhook.server.limits import ConnectionLimits, Limits
from webhook.server.listener import Listener
from webhook.server.metrics import Metrics
from webhook.server.operations import operations_app
from webhook.tls.handshake import handshake
from webhook.tls.pair import utc_now
from webhook.tls.problem import PairError

log = structlog.get_logger(__name__)

Check = Callable[[], Awaitable[str | None]]


class NoVMIs:
    """The source of VMIs where none is set: every launcher pod stays as it is, and says why."""

    async def get(self, namespace: str, name: str) -> bytes | None:
        """Nobody can tell."""
        raise VMISourceError("no-vmi-source", f"{namespace}/{name} is not looked for: no source of VMIs is set")


class Assembly:
    """Everything that one server consists of.

    Attributes:
        registry: The registry file and what was made of it.
        certificate: The pair in service; `None` without TLS.
        ca_bundle: The self-signed CA for a webhook configuration, else empty.
        checks: What readiness asks, by name.
        watchers: What looks at files, for as long as the server runs.
        admission: The admission port.
        operations: The operations port.
        draining: Set when the server is on its way out.
    """

    def __init__(self, settings: ServeSettings) -> None:
        """Read and make everything; `BindguardError` when something cannot be used."""
        self._settings = settings
        self._metrics = Metrics(__version__)
        self.draining = False
        self.registry = RegistryFile(settings.registry or "", _choices(settings))
        self.certificate = None if settings.transport is Transport.PLAIN_HTTP else certificate_source(settings)
        self.ca_bundle = ca_bundle(settings) if settings.transport is Transport.SELF_SIGNED else ""
        self.watchers = watchers(self.registry, self.certificate, self._metrics, seconds=settings.reload_seconds)
        self.checks = self._checks()
        front = self._front()
        self.admission = self._admission(front)
        self.operations = self._operations(front)
        self._measure()

    def rulebook(self) -> Rulebook:
        """What is judged by now."""
        return self.registry.rulebook

    def look_now(self) -> None:
        """Look at all files at once, not only when their time comes."""
        log.info("reload asked for")
        for watcher in self.watchers:
            watcher.wake()

    def _front(self) -> FrontDoor:
        settings = self._settings
        limits = Limits(
            max_body_bytes=settings.max_body_bytes,
            max_in_flight=settings.max_in_flight,
            max_buffered_bytes=max(Limits().max_buffered_bytes, settings.max_body_bytes),
            default_deadline_seconds=settings.deadline_seconds,
        )
        return FrontDoor(
            rulebook=self.rulebook,
            vmis=_vmis(settings),
            mode=OverheadMode(settings.overhead),
            limits=limits,
            metrics=self._metrics,
            exempt_namespaces=Namespaces(settings.exclude.namespaces),
        )

    def _admission(self, front: FrontDoor) -> Listener:
        settings, source = self._settings, self.certificate
        factory = None if source is None else lambda: listening_context(settings, source)
        return Listener(
            front,
            host=settings.host,
            port=settings.port,
            limits=self._connection_limits(),
            ssl_context_factory=factory,
            refused=self._metrics.malformed,
        )

    def _operations(self, front: FrontDoor) -> Listener:
        settings = self._settings
        app = operations_app(front=front, rulebook=self.rulebook, metrics=self._metrics, checks=self.checks, version=__version__)
        return Listener(app, host=settings.operations_host, port=settings.operations_port, limits=self._connection_limits())

    def _connection_limits(self) -> ConnectionLimits:
        return ConnectionLimits(head_seconds=self._settings.header_seconds, body_seconds=self._settings.body_seconds)

    def _checks(self) -> Mapping[str, Check]:
        checks: dict[str, Check] = {watcher.name: watcher.check for watcher in self.watchers}
        if self.certificate is not None:
            checks |= {"validity": self._certificate_is_valid, "handshake": self._shakes_hands}
        return checks | {"draining": self._is_staying}

    async def _certificate_is_valid(self) -> str | None:
        try:
            if self.certificate is not None:
                self.certificate.pair.still_valid(utc_now())
        except PairError as error:
            return str(error)
        return None

    async def _shakes_hands(self) -> str | None:
        source = self.certificate
        return None if source is None else await handshake(self._settings.host, self.admission.port, source)

    async def _is_staying(self) -> str | None:
        return "the server is about to stop" if self.draining else None

    def _measure(self) -> None:
        metrics = self._metrics
        metrics.registry_age.set_function(lambda: time.monotonic() - self.registry.rulebook.read_at)
        metrics.registry_plugins.set_function(lambda: len(self.registry.rulebook.registry.plugins))
        metrics.connections.labels("admission").set_function(lambda: self.admission.connections)
        metrics.connections.labels("operations").set_function(lambda: self.operations.connections)
        source = self.certificate
        if source is not None:
            metrics.certificate_expiry.set_function(lambda: source.expires_at)


def _vmis(settings: ServeSettings) -> VMISource:
    if settings.vmi_directory is not None:
        return VMIDirectory(settings.vmi_directory)
    if settings.overhead != "off":
        log.warning("no source of VMIs", consequence="launcher pods stay as they are", remedy="set vmi_directory, or overhead: off")
    return NoVMIs()


def _choices(settings: ServeSettings) -> Choices:
    version = settings.kubevirt_version
    return Choices(actions=settings.rules, version=None if version is None else parse_version(version))
