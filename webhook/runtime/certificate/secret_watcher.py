"""The managed certificate's Secret, followed: what it holds is what is served, and what is served is put back when it has been lost.

No key is written to a disk: the Secret's bytes stay in memory.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from webhook.cluster.api_error import ApiError
from webhook.cluster.clock import Clock
from webhook.cluster.secrets import NamedSecret, Secret
from webhook.runtime.certificate.reload import reload_certificate
from webhook.tls.files import read_file
from webhook.tls.names import covers, names_in
from webhook.tls.pair import PairFiles
from webhook.tls.problems import PairError
from webhook.tls.provider import CertificateProvider
from webhook.tls.secret_contents import CA, CERT, KEY, cas_in, usable_contents

log = structlog.get_logger(__name__)

LOOK_SECONDS = 4.0
"""How often the Secret is read: often enough that a new pair is served within 10 s."""

_FIRST_LOOK_SECONDS = 0.5
_MAX_PAUSE_SECONDS = 8.0


class SecretWatcher:
    """The certificate in service, once the Secret holds one.

    Attributes:
        source: What hands it to handshakes; `None` until there is a pair that can be served.
        ca_expires_at: Unix seconds at which the signing CA expires; 0 as long as it is not known.
        problem: Why the last look did not end as it should; `None` when it did.
    """

    def __init__(
        self,
        secret: NamedSecret,
        files: PairFiles,
        *,
        leader: Callable[[], str],
        clock: Clock,
    ) -> None:
        """Prepare; nothing is read before a look.

        Args:
            secret: What is followed.
            files: Gives the client CA, the lowest TLS version and the names; its pair does not count. Names are the leader's to keep. A
                certificate that is for others is served, and told of: during an upgrade that changes them, a new server must be able to
                begin with the certificate of the old ones. One that does not lead could not mend it, and not to be ready would take down
                a Service that it may well be for.
            leader: Tells who leads, for messages; empty when nobody does.
            clock: Time, and waiting.
        """
        self._secret = secret
        self._files = replace(files, cert=f"{secret.place} {CERT}", key=f"{secret.place} {KEY}", names=())
        self._leader = leader
        self._clock = clock
        self._pair: tuple[bytes, bytes] | None = None
        self._begun = asyncio.Event()
        self._failures = 0
        self._told = ""
        self._names = files.names
        self._told_names: tuple[str, ...] | None = None
        self.source: CertificateProvider | None = None
        self.ca_expires_at = 0.0
        self.problem: str | None = "the Secret has not been read yet"

    async def begun(self) -> CertificateProvider:
        """The source, as soon as there is a pair that can be served."""
        await self._begun.wait()
        if self.source is None:
            raise RuntimeError("the source is set before the event")
        return self.source

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            before = self._pair
            seconds = await self.look()
            if self.source is not None and self._pair != before:
                try:
                    await reload_certificate(self.source)
                except Exception:
                    log.exception("watcher failed", watcher="certificate")  # the poller of the certificate tries again
            await self._clock.sleep(seconds)

    async def look(self) -> float:
        """Read the Secret, and take what it holds; seconds until the next look."""
        try:
            problem = await self._look()
        except ApiError as error:
            self._failures = min(self._failures + 1, 10)
            self._tell(log.warning, str(error), error.kind)
            return max(min(2.0 ** (self._failures - 1), _MAX_PAUSE_SECONDS), error.retry_after)
        except Exception as error:
            kind = type(error).__name__
            if kind != self._told:
                log.exception("looking at the certificate's Secret failed")
            self._tell(log.warning, f"{kind}: {error}", kind)
            return _MAX_PAUSE_SECONDS
        self._failures = 0
        self._tell(log.info if self._pair is None else log.warning, problem, problem or "")  # at a first start nobody has made one
        return LOOK_SECONDS if self.source is not None else _FIRST_LOOK_SECONDS

    async def _look(self) -> str | None:
        secret = await self._secret.read()
        if secret is None:
            return f"{self._secret.place} does not exist; {self._maker()}"
        self._note_ca(secret.data)
        await self._put_back(secret)
        pair = secret.data.get(CERT, b""), secret.data.get(KEY, b"")
        if not any(pair):
            return f"{self._secret.place} holds no certificate yet; {self._maker()}"
        if pair != self._pair:
            if self.source is not None and self._is_stray(secret.data):
                return f"{self._secret.place} {CERT} is signed by none of its {CA}, which API servers trust; {self._maker()}"
            self._pair = pair
        problem = self._begin() if self.source is None else None
        self._tell_names()
        return problem

    async def _put_back(self, secret: Secret) -> None:
        """Give a Secret without a certificate the one that is served, if its CA is still trusted.

        So whoever begins now can serve too; and where nobody does this, the leader knows that nobody serves, and does not wait.
        """
        now = self._clock.utc()
        if self.source is None or usable_contents(secret.data, now).leaf is not None:
            return
        served = {CERT: self.source.pair.chain_pem(), KEY: self.source.pair.key_pem()}
        if usable_contents({**secret.data, **served}, now).issuer is None:
            return
        try:
            await self._secret.write(secret, served)
        except ApiError as error:
            if error.reason != "conflict":  # another was quicker: the next look tells what it wrote
                raise
        else:
            log.warning("certificate put back", secret=self._secret.place)

    def _is_stray(self, data: Mapping[str, bytes]) -> bool:
        """Whether it is a good pair, but somebody else's: the one in service serves better until the leader has made another."""
        held = usable_contents(data, self._clock.utc())
        return held.leaf is not None and held.issuer is None

    def _begin(self) -> str | None:
        try:
            self.source = CertificateProvider(self._files, contents=self._contents, now=self._clock.utc)
        except PairError as error:
            return f"{error}; {self._maker()}"
        self._begun.set()
        return None

    def _contents(self) -> tuple[bytes, ...]:
        pair = self._pair or (b"", b"")
        return pair if self._files.client_ca is None else (*pair, read_file(self._files.client_ca))

    def _note_ca(self, data: Mapping[str, bytes]) -> None:
        with contextlib.suppress(IndexError):
            self.ca_expires_at = cas_in(data.get(CA, b""), self._clock.utc())[0].not_valid_after_utc.timestamp()

    def _maker(self) -> str:
        return f"the leader makes one (now: {self._leader() or 'nobody'})"

    def _tell_names(self) -> None:
        """Once for each other certificate's names."""
        if self.source is None:
            return
        found = names_in(self.source.pair.chain[0])
        fits = all(covers(found, name) for name in self._names)
        if not fits and found != self._told_names:
            log.warning("certificate is for other names", wanted=self._names, found=found, leader=self._leader() or "nobody")
        self._told_names = None if fits else found

    def _tell(self, tell: Callable[..., object], problem: str | None, kind: str) -> None:
        """Once for each kind of problem."""
        if problem is not None and kind != self._told:
            tell("no certificate from its Secret", problem=problem, serving=self.source is not None)
        self.problem, self._told = problem, kind
