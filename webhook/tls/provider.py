"""The certificate in service: built whole, swapped at once, handed to each new handshake."""

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
"""Gives certificate chain and private key, and the client CAs where clients are verified, as PEM; `PairError` when it cannot."""


@dataclass(frozen=True, kw_only=True)
class _Served:
    """One complete state. Whoever needs one takes the reference once."""

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


class CertificateSource:
    """The pair in service and how it got there.

    Attributes:
        failures: How many new pairs were refused; one that stays bad for the same reason counts once.
        last_error: Why the bytes of now cannot be served with (the pair before them serves on), or that the pair in service
            has expired; `None` when all is well.
    """

    def __init__(self, files: PairFiles, *, contents: Contents | None = None, now: Clock = utc_now) -> None:
        """Take the first pair into service; `PairError` when it cannot be served with.

        Args:
            files: Where the pair is, as messages name it, and what it must be for.
            contents: Gives the bytes; without, the files are read.
            now: Tells the time.
        """
        self._files = files
        self._contents = contents or self._read
        self._now = now
        self._served = self._built(self._contents())
        self._trust_changed = False
        self.failures = 0
        self.last_error: PairError | None = None

    @property
    def pair(self) -> Pair:
        """The pair that new handshakes get."""
        return self._served.pair

    @property
    def expires_at(self) -> float:
        """Unix seconds at which the pair in service expires."""
        return self._served.pair.expires_at

    def context_for_listener(self) -> ssl.SSLContext:
        """A context for a listening socket. It holds no certificate: each handshake, with or without a server name, gets the current one.

        Whether clients are verified is settled here for good: `SSL_set_SSL_CTX` takes certificate and CAs from the current context, but not
        its verify mode (https://docs.openssl.org/3.0/man3/SSL_set_SSL_CTX/ leaves it unsaid; `tests/tls` holds it).
        """
        base = bare_context(verify_clients=self._files.client_ca is not None, minimum=self._files.minimum)
        base.sni_callback = self._hand_over
        return base

    def poll_once(self) -> bool:
        """Look at the bytes of now; true when a new pair was taken into service. Never raises for what they are."""
        try:
            contents = self._contents()
            if digest(contents) == self._served.digest:
                self._served.still_valid(self._now())
                self.last_error = None
                return False
            served = self._built(contents)
        except PairError as error:
            self._refuse(error)
            return False
        self._swap(served)
        return True

    def _read(self) -> tuple[bytes, ...]:
        named = (self._files.cert, self._files.key, self._files.client_ca)
        return read_steady([file for file in named if file is not None])

    def _built(self, contents: tuple[bytes, ...]) -> _Served:
        files, at = self._files, self._now()
        pair = pair_from(contents[0], contents[1], files, at=at)
        clients = None if files.client_ca is None else client_cas_from(contents[2], file=files.client_ca, at=at)
        context = serving_context(pair, clients, files.minimum)
        return _Served(digest=digest(contents), pair=pair, clients=clients, context=context)

    def _swap(self, served: _Served) -> None:
        self._trust_changed |= served.trusted != self._served.trusted
        self._served = served
        self.last_error = None

    def _refuse(self, error: PairError) -> None:
        if self.last_error is not None and str(error) == str(self.last_error):
            return
        self.last_error = error
        self.failures += 1

    def _hand_over(self, connection: ssl.SSLObject, _server_name: str | None, _base: ssl.SSLContext) -> int | None:
        if self._trust_changed and connection.session_reused:
            return ssl.ALERT_DESCRIPTION_ACCESS_DENIED  # TLS 1.2 resumes by session id, which would bypass the client CA of now
        connection.context = self._served.context
        return None
