"""The managed certificate as one server sees it: the Secret that it follows, and the election by which it may look after that.

Every replica does the first; one at a time does what the keeper does. Reads and writes nothing itself.
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
"""A leaf is valid from five minutes before it was made: a leader whose clock is further ahead would make some that nobody takes yet."""

_STOP_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class ManagedNames:
    """What a managed certificate is made of, by name.

    Attributes:
        namespace: Namespace of Secret and Lease.
        secret: The Secret with CA and pair.
        lease: The Lease of the election.
        webhook_configuration: The configurations of both kinds.
        names: What the certificate must be for, at least one.
    """

    namespace: str
    secret: str
    lease: str
    webhook_configuration: str
    names: tuple[str, ...]


class ManagedCertificate:
    """The certificate in service, once there is one.

    Attributes:
        followed: The Secret, and what is served of it.
    """

    def __init__(  # noqa: PLR0913 - all but two by keyword, called in one place
        self,
        server: ApiServer,
        managed: ManagedNames,
        *,
        files: PairFiles | None = None,
        skew: Callable[[], float | None] = lambda: None,
        settle_seconds: float = SETTLE_SECONDS,
        clock: Clock = CLOCK,
    ) -> None:
        """Prepare; nothing is read before `run`.

        Args:
            server: The API server.
            managed: What is managed.
            files: Client CA and lowest TLS version of what is served.
            skew: Seconds by which this machine's clock is ahead of the API server's; `None` when that is not known.
            settle_seconds: How long a new CA is published before it signs what is served.
            clock: Time, and waiting.

        Raises:
            UsageError: A name that no certificate can carry, or none.
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
        self.followed = SecretWatcher(
            secret,
            replace(files or PairFiles(cert="", key=""), names=names),
            leader=self._leader,
            clock=clock,
        )

    @property
    def source(self) -> CertificateProvider | None:
        """What hands the certificate to handshakes; `None` until there is a pair that can be served."""
        return self.followed.source

    @property
    def leads(self) -> bool:
        """Whether this server looks after the certificate now."""
        return self._election.leads

    @property
    def repairs(self) -> int:
        """How often this server has put a caBundle right that somebody else had changed."""
        return self._controller.repairs

    @property
    def glass_is_broken(self) -> bool:
        """Whether `bindguard break-glass` is in force, as far as this server knows: it does while it leads."""
        return self.leads and self._controller.glass_is_broken

    @property
    def controller_problem(self) -> str | None:
        """Why the certificate cannot be looked after by this server, though it leads."""
        return self._controller.problem if self.leads else None

    async def begun(self) -> CertificateProvider:
        """The source, as soon as there is a pair that can be served."""
        return await self.followed.begun()

    async def run(self) -> None:
        """Follow the Secret and stand for election, for ever; end it with `stop`."""
        self._running = asyncio.current_task()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.followed.run())
            group.create_task(self._election.run(self._controller.work))

    async def stop(self) -> None:
        """End `run`, and give the Lease back, so that another server leads at once; takes at most three seconds."""
        if self._running is not None:
            if not self._running.cancelling():  # a second time would cut off the giving back
                self._running.cancel()
            await asyncio.wait({self._running}, timeout=_STOP_SECONDS)

    async def check(self) -> str | None:
        """Why there is no certificate to serve with; `None` once there is one. For readiness: an outage later on changes nothing."""
        if self.source is not None:
            return None
        reasons = (self.followed.problem, self._clock_is_wrong(), self._election.problem, self._controller.problem)
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
