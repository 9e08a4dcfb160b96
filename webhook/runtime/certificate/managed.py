"""The managed certificate on one replica: the watcher of the Secret, the leader election, and the controller.

Each replica runs the watcher, which provides the certificate. Only the leader runs the controller, which manages it.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace

from webhook.cluster.api import ApiServer
from webhook.cluster.clock import CLOCK, Clock
from webhook.cluster.leases import Election
from webhook.cluster.secrets import NamedSecret
from webhook.cluster.webhook_configurations import WebhookConfigurations
from webhook.runtime.certificate.controller import CertificateController
from webhook.runtime.certificate.secret_watcher import SecretWatcher
from webhook.tls.managed import SETTLE_SECONDS
from webhook.tls.pair import PairFiles
from webhook.tls.provider import CertificateProvider
from webhook.tls.selfsigned import checked_names

MAX_SKEW_SECONDS = 300.0
"""A leaf is valid from five minutes before it was issued. A leader whose clock is further ahead issues leaves that are not valid yet."""

_STOP_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class ManagedNames:
    """The names of the objects of a managed certificate, and the names in it.

    Attributes:
        namespace: Namespace of Secret and Lease.
        secret: The Secret with CA and pair.
        lease: The Lease of the leader election.
        webhook_configuration: The webhook configurations, validating and mutating.
        names: DNS names and IP addresses that the certificate must cover, at least one.
    """

    namespace: str
    secret: str
    lease: str
    webhook_configuration: str
    names: tuple[str, ...]


def _unknown_skew() -> float | None:
    return None


class ManagedCertificate:
    """The certificate from the Secret, and its management while this replica leads.

    Attributes:
        secret_watcher: Polls the Secret, and provides its certificate.
    """

    def __init__(  # noqa: PLR0913 - all but two by keyword, called in one place
        self,
        server: ApiServer,
        managed: ManagedNames,
        *,
        files: PairFiles | None = None,
        skew: Callable[[], float | None] = _unknown_skew,
        settle_seconds: float = SETTLE_SECONDS,
        clock: Clock = CLOCK,
    ) -> None:
        """Create the parts; nothing is read before `run`.

        Args:
            server: The API server.
            managed: The names of the objects, and of the certificate.
            files: Client CA and lowest TLS version of the server; the other fields are ignored.
            skew: Returns the seconds by which this machine's clock is ahead of the API server's; `None` while unknown.
            settle_seconds: For how long a new CA is published before it signs a certificate.
            clock: Gives the time, and sleeps.

        Raises:
            UsageError: There is no name, or one that a certificate cannot have.
        """
        names = tuple(checked_names(managed.names))
        secret = NamedSecret(server, namespace=managed.namespace, name=managed.secret)
        configurations = WebhookConfigurations(server, managed.webhook_configuration)
        self._skew = skew
        self._running: asyncio.Task[None] | None = None
        self._election = Election(
            server,
            namespace=managed.namespace,
            name=managed.lease,
            identity=f"{socket.gethostname()}_{secrets.token_hex(4)}",
            unfit=self._clock_is_wrong,
            clock=clock,
        )
        self._controller = CertificateController(
            secret,
            configurations,
            names=names,
            namespace=managed.namespace,
            unfit=self._clock_is_wrong,
            serves=self._serves,
            settle_seconds=settle_seconds,
            clock=clock,
        )
        self.secret_watcher = SecretWatcher(
            secret,
            replace(files or PairFiles(cert="", key=""), names=names),
            leader=self._leader,
            clock=clock,
        )

    @property
    def source(self) -> CertificateProvider | None:
        """The provider of the certificate; `None` until there is a pair that can be served."""
        return self.secret_watcher.source

    @property
    def leads(self) -> bool:
        """Whether this replica is the leader, and manages the certificate."""
        return self._election.leads

    @property
    def repairs(self) -> int:
        """How many caBundles this replica has repaired after another writer had changed them."""
        return self._controller.repairs

    @property
    def glass_is_broken(self) -> bool:
        """Whether `bindguard break-glass` is in force; only the leader knows, other replicas return false."""
        return self.leads and self._controller.glass_is_broken

    @property
    def controller_problem(self) -> str | None:
        """Why the controller cannot continue, while this replica leads; otherwise `None`."""
        return self._controller.problem if self.leads else None

    async def wait_until_available(self) -> CertificateProvider:
        """Wait until there is a pair that can be served; its provider."""
        return await self.secret_watcher.wait_until_available()

    async def run(self) -> None:
        """Run the watcher and the leader election until `stop`."""
        self._running = asyncio.current_task()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.secret_watcher.run())
            group.create_task(self._election.run(self._controller.work))

    async def stop(self) -> None:
        """End `run`, and release the Lease, so that another replica can lead at once; takes at most three seconds."""
        if self._running is not None:
            if not self._running.cancelling():  # a second cancellation would interrupt the release of the Lease
                self._running.cancel()
            await asyncio.wait({self._running}, timeout=_STOP_SECONDS)

    async def check(self) -> str | None:
        """The readiness check: why there is no certificate to serve; `None` once there is one, also in a later outage."""
        if self.source is not None:
            return None
        reasons = (self.secret_watcher.problem, self._clock_is_wrong(), self._election.problem, self._controller.problem)
        return "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or "no certificate yet"

    def _serves(self) -> bool:
        return self.source is not None

    def _leader(self) -> str:
        return self._election.holder

    def _clock_is_wrong(self) -> str | None:
        skew = self._skew()
        if skew is None or abs(skew) <= MAX_SKEW_SECONDS:
            return None
        return f"this machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the API server's; correct it"
