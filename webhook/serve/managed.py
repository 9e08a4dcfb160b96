"""The managed certificate as one server sees it: follows the Secret, serves what it holds, and stands for election to look after it.

Every replica does the first two; one at a time does the third. No key is written to a disk: the Secret's bytes stay in memory.
"""

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from webhook.cluster.api import ApiServer
from webhook.cluster.leases import Election
from webhook.cluster.problem import ApiError
from webhook.cluster.secrets import NamedSecret
from webhook.cluster.webhook_configurations import WebhookConfigurations
from webhook.serve.certificate_keeper import CertificateKeeper
from webhook.tls.files import read_file
from webhook.tls.held import CA, CERT, KEY, cas_in, held_in
from webhook.tls.managed import SETTLE_SECONDS
from webhook.tls.pair import Clock, PairFiles, utc_now
from webhook.tls.problem import PairError
from webhook.tls.selfsigned import checked_names
from webhook.tls.source import CertificateSource

log = structlog.get_logger(__name__)

LOOK_SECONDS = 4.0
"""How often the Secret is read: often enough that a new pair is served within 10 s."""
MOST_SKEW_SECONDS = 300.0
"""A leaf is valid from five minutes before it was made: a leader whose clock is further ahead would make some that nobody takes yet."""

_FIRST_LOOK_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 8.0
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
        source: What hands it to handshakes; `None` until there is a pair that can be served.
        ca_expires_at: Unix seconds at which the signing CA expires; 0 as long as it is not known.
    """

    def __init__(  # noqa: PLR0913 - all but two by keyword, called in one place
        self,
        server: ApiServer,
        managed: ManagedNames,
        *,
        files: PairFiles | None = None,
        changed: Callable[[], None] = lambda: None,
        skew: Callable[[], float | None] = lambda: None,
        settle_seconds: float = SETTLE_SECONDS,
        now: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Prepare; nothing is read before `run`.

        Args:
            server: The API server.
            managed: What is managed.
            files: Gives the client CA and the lowest TLS version; its pair and names do not count. Names are the leader's to keep: during
                an upgrade that changes them, a new server must be able to begin with the certificate of the old ones.
            changed: Called when the Secret holds another pair than before, so that somebody polls the source at once.
            skew: Seconds by which this machine's clock is ahead of the API server's; `None` when that is not known.
            settle_seconds: How long a new CA is published before it signs what is served.
            now: Tells the time.
            monotonic: A clock that never jumps.
            sleep: Waits so many seconds.

        Raises:
            UsageError: A name that no certificate can carry, or none.
        """
        names = tuple(checked_names(managed.names))
        self._secret = NamedSecret(server, namespace=managed.namespace, name=managed.secret)
        place = self._secret.place
        self._files = replace(files or PairFiles(cert="", key=""), cert=f"{place} {CERT}", key=f"{place} {KEY}", names=())
        self._changed = changed
        self._skew = skew
        self._now = now
        self._sleep = sleep
        self._pair: tuple[bytes, bytes] | None = None
        self._problem: str | None = "the Secret has not been read yet"
        self._told = ""
        self._begun = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._failures = 0
        self.source: CertificateSource | None = None
        self.ca_expires_at = 0.0
        configurations = WebhookConfigurations(server, managed.webhook_configuration)
        self._keeper = CertificateKeeper(
            self._secret,
            configurations,
            names=names,
            unfit=self._clock_is_wrong,
            settle_seconds=settle_seconds,
            now=now,
            monotonic=monotonic,
            sleep=sleep,
        )
        self._election = Election(
            server,
            namespace=managed.namespace,
            name=managed.lease,
            identity=f"{socket.gethostname()}_{secrets.token_hex(4)}",
            unfit=self._clock_is_wrong,
            monotonic=monotonic,
            sleep=sleep,
        )

    @property
    def leads(self) -> bool:
        """Whether this server looks after the certificate now."""
        return self._election.leads

    @property
    def repairs(self) -> int:
        """How often this server has put a caBundle right that somebody else had changed."""
        return self._keeper.repairs

    @property
    def keeper_problem(self) -> str | None:
        """Why the certificate cannot be looked after by this server, though it leads."""
        return self._keeper.problem if self.leads else None

    async def begun(self) -> CertificateSource:
        """The source, as soon as there is a pair that can be served."""
        await self._begun.wait()
        if self.source is None:
            raise RuntimeError("the source is set before the event")
        return self.source

    async def run(self) -> None:
        """Follow the Secret and stand for election, for ever; end it with `stop`."""
        self._running = asyncio.current_task()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._election.run(self._keeper.work))

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
        reasons = (self._problem, self._clock_is_wrong(), self._election.problem, self._keeper.problem)
        return "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or "no certificate yet"

    async def _follow(self) -> None:
        while True:
            await self._sleep(await self.look())

    async def look(self) -> float:
        """Read the Secret, and take what it holds; seconds until the next look."""
        try:
            problem = await self._look()
        except ApiError as error:
            self._failures = min(self._failures + 1, 10)
            self._tell(str(error), error.kind)
            return min(2.0 ** (self._failures - 1), _LONGEST_PAUSE_SECONDS)
        except Exception as error:
            kind = type(error).__name__
            if kind != self._told:
                log.exception("looking at the certificate's Secret failed")
            self._tell(f"{kind}: {error}", kind)
            return _LONGEST_PAUSE_SECONDS
        self._failures = 0
        self._tell(problem, problem or "")
        return LOOK_SECONDS if self.source is not None else _FIRST_LOOK_SECONDS

    async def _look(self) -> str | None:
        secret = await self._secret.read()
        if secret is None:
            return f"{self._secret.place} does not exist; {self._maker()}"
        self._note_ca(secret.data)
        pair = secret.data.get(CERT, b""), secret.data.get(KEY, b"")
        if not any(pair):
            return f"{self._secret.place} holds no certificate yet; {self._maker()}"
        if pair != self._pair:
            if self.source is not None and self._is_stray(secret.data):
                return f"{self._secret.place} {CERT} is signed by none of its {CA}, which API servers trust; {self._maker()}"
            self._pair = pair
            self._changed()
        return self._begin() if self.source is None else None

    def _is_stray(self, data: Mapping[str, bytes]) -> bool:
        """Whether it is a good pair, but somebody else's: the one in service serves better until the leader has made another."""
        held = held_in(data, self._now())
        return held.leaf is not None and held.issuer is None

    def _begin(self) -> str | None:
        try:
            self.source = CertificateSource(self._files, contents=self._contents, now=self._now)
        except PairError as error:
            return f"{error}; {self._maker()}"
        self._begun.set()
        return None

    def _contents(self) -> tuple[bytes, ...]:
        pair = self._pair or (b"", b"")
        return pair if self._files.client_ca is None else (*pair, read_file(self._files.client_ca))

    def _note_ca(self, data: Mapping[str, bytes]) -> None:
        with contextlib.suppress(IndexError):
            self.ca_expires_at = cas_in(data.get(CA, b""), self._now())[0].not_valid_after_utc.timestamp()

    def _maker(self) -> str:
        return f"the leader makes one (now: {self._election.holder or 'nobody'})"

    def _clock_is_wrong(self) -> str | None:
        skew = self._skew()
        if skew is None or abs(skew) <= MOST_SKEW_SECONDS:
            return None
        return f"this machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the API server's; correct it"

    def _tell(self, problem: str | None, kind: str) -> None:
        """Once for each kind of problem."""
        if problem is not None and kind != self._told:
            log.warning("no certificate from its Secret", problem=problem, serving=self.source is not None)
        self._problem, self._told = problem, kind
