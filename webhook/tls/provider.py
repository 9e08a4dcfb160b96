"""The current certificate: each new handshake gets it, and a new one replaces it in one assignment."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from webhook.tls.clients import ClientCAs, client_cas_from
from webhook.tls.context import bare_context, serving_context
from webhook.tls.files import digest, read_steady
from webhook.tls.pair import Clock, Pair, PairFiles, pair_from, utc_now
from webhook.tls.problems import PairError

Contents = Callable[[], tuple[bytes, ...]]
"""Returns certificate chain and private key, and the client CAs where clients are verified, all PEM; may raise `PairError`."""


@dataclass(frozen=True, kw_only=True)
class _Served:
    """All that one handshake needs; immutable, so that a handshake never gets parts of two states."""

    digest: str
    pair: Pair
    clients: ClientCAs | None
    context: ssl.SSLContext

    @property
    def trusted(self) -> str:
        return self.clients.pem if self.clients is not None else ""

    def still_valid(self, at: datetime) -> None:
        self.pair.still_valid(at)
        if self.clients is not None:
            self.clients.still_valid(at)


class CertificateProvider:
    """Provides the current pair to handshakes, and replaces it when its files change.

    Attributes:
        failures: How many new pairs were refused; counts a pair once while the error stays the same.
        last_error: Why the current contents cannot be used (the previous pair stays in use), or that the current pair has expired;
            `None` without a problem.
    """

    def __init__(self, files: PairFiles, *, contents: Contents | None = None, now: Clock = utc_now) -> None:
        """Load the first pair.

        Args:
            files: The files of the pair, and what the server needs of it.
            contents: Returns the contents; `None` to read the files.
            now: Returns the current time.

        Raises:
            PairError: The pair cannot be served.
        """
        self._files = files
        self._contents = contents or self._read_files
        self._now = now
        self._served = self._build(self._contents())
        self._trust_changed = False
        self.failures = 0
        self.last_error: PairError | None = None

    @property
    def pair(self) -> Pair:
        """The pair that new handshakes get."""
        return self._served.pair

    @property
    def expires_at(self) -> float:
        """Unix seconds at which the current pair expires."""
        return self._served.pair.expires_at

    def context_for_listener(self) -> ssl.SSLContext:
        """A context for a listening socket. It has no certificate: a callback selects the current one for each handshake.

        Whether clients are verified cannot change later: `SSL_set_SSL_CTX` takes certificate and CAs from the current context, but not its
        verify mode (https://docs.openssl.org/3.0/man3/SSL_set_SSL_CTX/ does not say so; `tests/tls` has a test).
        """
        base = bare_context(verify_clients=self._files.client_ca is not None, minimum=self._files.minimum)
        base.sni_callback = self._select_context
        return base

    def poll_once(self) -> bool:
        """Read the contents, and use them if they have changed. An error is recorded in `last_error`, not raised.

        Returns:
            Whether a new pair is in use.
        """
        try:
            contents = self._contents()
            if digest(contents) == self._served.digest:
                self._served.still_valid(self._now())
                self.last_error = None
                return False
            served = self._build(contents)
        except PairError as error:
            self._record(error)
            return False
        self._trust_changed |= served.trusted != self._served.trusted
        self._served, self.last_error = served, None
        return True

    def _read_files(self) -> tuple[bytes, ...]:
        named = (self._files.cert, self._files.key, self._files.client_ca)
        return read_steady([file for file in named if file is not None])

    def _build(self, contents: tuple[bytes, ...]) -> _Served:
        files, at = self._files, self._now()
        pair = pair_from(contents[0], contents[1], files, at=at)
        clients = None if files.client_ca is None else client_cas_from(contents[2], file=files.client_ca, at=at)
        context = serving_context(pair, clients, files.minimum)
        return _Served(digest=digest(contents), pair=pair, clients=clients, context=context)

    def _record(self, error: PairError) -> None:
        if self.last_error is not None and str(error) == str(self.last_error):
            return
        self.last_error = error
        self.failures += 1

    def _select_context(self, connection: ssl.SSLObject, _server_name: str | None, _base: ssl.SSLContext) -> int | None:
        if self._trust_changed and connection.session_reused:
            return ssl.ALERT_DESCRIPTION_ACCESS_DENIED  # TLS 1.2 resumes by session ID, which would bypass the current client CA
        connection.context = self._served.context
        return None
