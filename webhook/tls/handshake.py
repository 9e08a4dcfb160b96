"""TLS handshakes as a client: with our own port, for readiness, and with any server, to see which certificate it shows."""

import asyncio
import socket
import ssl

import msgspec
from cryptography import x509

from webhook.tls.context import unverified_context
from webhook.tls.pair import Clock, Pair, utc_now
from webhook.tls.pem import UNPARSABLE, whole
from webhook.tls.problems import Fault, PairError, failure
from webhook.tls.provider import CertificateSource

_REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
_HERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - a listener on every address is asked on one of them


async def handshake(  # noqa: PLR0913 - all but three by keyword
    host: str, port: int, source: CertificateSource, *, ask: bool = False, timeout_seconds: float = 2.0, now: Clock = utc_now
) -> str | None:
    """`None` when a new connection to host and port gets the pair in service, valid now; else why not. Ends within the time.

    With `ask` a request must be answered as well, whatever the answer: that is not possible where clients must show a certificate.

    The leaf is compared byte by byte with ours, which says more than a chain of trust; so no name and no CA are needed. Where clients must
    show a certificate we show none: in TLS 1.3 the server's own part is over before it refuses us.
    """
    before = source.pair
    try:
        async with asyncio.timeout(timeout_seconds):
            leaf = await _leaf_at(_HERE.get(host, host), port, ask=ask)
    except TimeoutError:
        return f"no TLS handshake{' and answer' if ask else ''} within {timeout_seconds:g} seconds on {host} port {port}"
    except OSError as error:  # ssl.SSLError is one
        return f"no TLS handshake on {host} port {port}: {error.strerror or error}"
    return _verdict(leaf, (before, source.pair), now)


def _verdict(leaf: bytes | None, pairs: tuple[Pair, Pair], now: Clock) -> str | None:
    """A swap may come between connecting and comparing, so either pair is right."""
    served = next((pair for pair in pairs if pair.leaf == leaf), None)
    if served is None:
        return "another certificate than the current one is served: another process may be listening here"
    try:
        served.still_valid(now())
    except PairError as error:
        return str(error)
    return None


async def _leaf_at(host: str, port: int, *, ask: bool) -> bytes | None:
    """The leaf that is shown; with `ask` a request must be answered too. `OSError` when it is not."""
    reader, writer = await asyncio.open_connection(host, port, ssl=unverified_context())
    try:
        connection = writer.get_extra_info("ssl_object")
        leaf = connection.getpeercert(binary_form=True) if isinstance(connection, ssl.SSLObject) else None
        if ask:
            writer.write(_REQUEST)
            if not (await reader.readline()).startswith(b"HTTP/1.1 "):
                raise ConnectionError("the connection was closed before a request was answered")
        return leaf
    finally:
        writer.transport.abort()  # a peer that does not say good-bye must not hold us


class Shown(msgspec.Struct, frozen=True):
    """What a server showed.

    Attributes:
        certificate: Its leaf.
        version: The TLS version that was agreed on, such as `TLSv1.3`.
        cipher: The cipher suite.
    """

    certificate: x509.Certificate
    version: str
    cipher: str


def shown_by(host: str, port: int, *, timeout_seconds: float = 5.0) -> Shown:
    """What the server at host and port shows in a handshake; `PairError` when there is none within the time."""
    place = f"{host}:{port}"
    try:
        with (
            socket.create_connection((host, port), timeout=timeout_seconds) as plain,
            unverified_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            der, version, cipher = secured.getpeercert(binary_form=True), secured.version(), secured.cipher()
        return Shown(whole(x509.load_der_x509_certificate(der or b"")), version or "", cipher[0] if cipher else "")
    except (OSError, UnicodeError, *UNPARSABLE) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise failure(Fault.UNREADABLE, place, f"no TLS handshake ({reason}); check the address and that the server listens") from error
