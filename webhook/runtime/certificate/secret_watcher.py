"""Poll the Secret of the managed certificate, serve the pair in it, and write the pair back when the Secret has lost it.

No key is written to disk: the Secret's content stays in memory.
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
    """Polls the Secret, and provides its certificate.

    Attributes:
        source: The provider of the certificate; `None` until there is a pair that can be served.
        ca_expires_at: Unix seconds at which the signing CA expires; 0 while unknown.
        problem: Why the last poll brought no certificate; `None` when it did.
    """

    def __init__(
        self,
        secret: NamedSecret,
        files: PairFiles,
        *,
        leader: Callable[[], str],
        clock: Clock,
    ) -> None:
        """Create a watcher; it reads nothing before `run` or `look`.

        Args:
            secret: The Secret.
            files: Client CA, lowest TLS version and names; its cert and key are ignored. A certificate for other names is served, with a
                warning, since only the leader can replace it. During an upgrade that changes the names, new replicas start with the
                certificate of the old ones; if they were not ready instead, the Service might have no endpoints.
            leader: Returns the identity of the leader, for messages; empty when there is none.
            clock: Gives the time, and sleeps.
        """
        self._secret = secret
        self._files = replace(files, cert=f"{secret.place} {CERT}", key=f"{secret.place} {KEY}", names=())
        self._leader = leader
        self._clock = clock
        self._pair: tuple[bytes, bytes] | None = None
        self._available = asyncio.Event()
        self._failures = 0
        self._reported = ""
        self._names = files.names
        self._warned_names: tuple[str, ...] | None = None
        self.source: CertificateProvider | None = None
        self.ca_expires_at = 0.0
        self.problem: str | None = "the Secret has not been read yet"

    async def wait_until_available(self) -> CertificateProvider:
        """Wait until there is a pair that can be served; its provider."""
        await self._available.wait()
        if self.source is None:
            raise RuntimeError("the provider is set before the event")
        return self.source

    async def run(self) -> None:
        """Poll until cancelled, and load each new pair."""
        while True:
            before = self._pair
            seconds = await self.look()
            if self.source is not None and self._pair != before:
                try:
                    await reload_certificate(self.source)
                except Exception:
                    log.exception("watcher failed", watcher="certificate")  # the certificate's poller tries again
            await self._clock.sleep(seconds)

    async def look(self) -> float:
        """Poll the Secret, and note its pair.

        Returns:
            Seconds until the next poll.
        """
        try:
            problem = await self._poll()
        except ApiError as error:
            self._failures = min(self._failures + 1, 10)
            self._report(log.warning, str(error), error.kind)
            return max(min(2.0 ** (self._failures - 1), _MAX_PAUSE_SECONDS), error.retry_after)
        except Exception as error:
            kind = type(error).__name__
            if kind != self._reported:
                log.exception("polling the certificate's Secret failed")
            self._report(log.warning, f"{kind}: {error}", kind)
            return _MAX_PAUSE_SECONDS
        self._failures = 0
        # At a first start it is normal that there is no certificate yet.
        self._report(log.info if self._pair is None else log.warning, problem, problem or "")
        return LOOK_SECONDS if self.source is not None else _FIRST_LOOK_SECONDS

    async def _poll(self) -> str | None:
        secret = await self._secret.read()
        if secret is None:
            return f"{self._secret.place} does not exist; {self._who_issues()}"
        self._note_ca(secret.data)
        await self._put_back(secret)
        pair = secret.data.get(CERT, b""), secret.data.get(KEY, b"")
        if not any(pair):
            return f"{self._secret.place} holds no certificate yet; {self._who_issues()}"
        if pair != self._pair:
            if self.source is not None and self._is_stray(secret.data):
                return f"{self._secret.place} {CERT} is signed by none of its {CA}, which API servers trust; {self._who_issues()}"
            self._pair = pair
        problem = self._load() if self.source is None else None
        self._check_names()
        return problem

    async def _put_back(self, secret: Secret) -> None:
        """Write the served pair into a Secret without one, if the pair's CA is still trusted.

        Then replicas that start now can serve it too. If no replica does this, the leader concludes that none serves a pair, and does not
        wait.
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
            if error.reason != "conflict":  # another replica was first: the next poll reads what it wrote
                raise
        else:
            log.warning("certificate put back", secret=self._secret.place)

    def _is_stray(self, data: Mapping[str, bytes]) -> bool:
        """Whether the pair is valid, but no CA of the Secret signed it; the current pair then stays in use."""
        contents = usable_contents(data, self._clock.utc())
        return contents.leaf is not None and contents.issuer is None

    def _load(self) -> str | None:
        try:
            self.source = CertificateProvider(self._files, contents=self._contents, now=self._clock.utc)
        except PairError as error:
            return f"{error}; {self._who_issues()}"
        self._available.set()
        return None

    def _contents(self) -> tuple[bytes, ...]:
        pair = self._pair or (b"", b"")
        return pair if self._files.client_ca is None else (*pair, read_file(self._files.client_ca))

    def _note_ca(self, data: Mapping[str, bytes]) -> None:
        with contextlib.suppress(IndexError):
            self.ca_expires_at = cas_in(data.get(CA, b""), self._clock.utc())[0].not_valid_after_utc.timestamp()

    def _who_issues(self) -> str:
        return f"the leader makes one (now: {self._leader() or 'nobody'})"

    def _check_names(self) -> None:
        """Warn of a certificate that is for other names, once for each set of names."""
        if self.source is None:
            return
        found = names_in(self.source.pair.chain[0])
        fits = all(covers(found, name) for name in self._names)
        if not fits and found != self._warned_names:
            log.warning("certificate is for other names", wanted=self._names, found=found, leader=self._leader() or "nobody")
        self._warned_names = None if fits else found

    def _report(self, write: Callable[..., object], problem: str | None, kind: str) -> None:
        """Record the problem, and log it once for each kind in a row."""
        if problem is not None and kind != self._reported:
            write("no certificate from its Secret", problem=problem, serving=self.source is not None)
        self.problem, self._reported = problem, kind
