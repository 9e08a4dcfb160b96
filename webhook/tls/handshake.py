"""TLS handshakes as a client: with this server's own port, for readiness, and with any server, to inspect its certificate."""

import asyncio
import socket
import ssl

import msgspec
from cryptography import x509

from webhook.tls.context import unverified_context
from webhook.tls.pair import Clock, Pair, utc_now
from webhook.tls.pem import UNPARSABLE, fully_parsed
from webhook.tls.problems import Fault, PairError, failure
from webhook.tls.provider import CertificateProvider

_REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - a listener on all addresses is reached on loopback


async def handshake(  # noqa: PLR0913 - all but three by keyword
    host: str, port: int, source: CertificateProvider, *, send_request: bool = False, timeout_seconds: float = 2.0, now: Clock = utc_now
) -> str | None:
    """Connect, and compare the certificate that the server presents with the current one of a provider.

    The leaf is compared byte by byte, so neither a name nor a CA is needed. The client presents no certificate, also where the server
    requires one: in TLS 1.3 the server presents its own before it refuses the client.

    Args:
        host: Address of the server; an address that means all of them is reached on loopback.
        port: Port of the server.
        source: The provider.
        send_request: Whether the server must also respond to a request, with any status. Needs a server that requires no client
            certificate.
        timeout_seconds: Limit of the whole exchange.
        now: Returns the current time.

    Returns:
        `None` when the server presents the current pair and it is valid now; otherwise what is wrong.
    """
    before = source.pair
    try:
        async with asyncio.timeout(timeout_seconds):
            leaf = await _leaf_at(_LOOPBACK.get(host, host), port, send_request=send_request)
    except TimeoutError:
        return f"no TLS handshake{' and answer' if send_request else ''} within {timeout_seconds:g} seconds on {host} port {port}"
    except OSError as error:  # ssl.SSLError is one
        return f"no TLS handshake on {host} port {port}: {error.strerror or error}"
    return _compare(leaf, (before, source.pair), now)


def _compare(leaf: bytes | None, pairs: tuple[Pair, Pair], now: Clock) -> str | None:
    """Either pair is right: the pair may be replaced between the handshake and the comparison."""
    served = next((pair for pair in pairs if pair.leaf == leaf), None)
    if served is None:
        return "another certificate than the current one is served: another process may be listening here"
    try:
        served.still_valid(now())
    except PairError as error:
        return str(error)
    return None


async def _leaf_at(host: str, port: int, *, send_request: bool) -> bytes | None:
    """The leaf that the server presents, as DER; `OSError` when the handshake or the request fails."""
    reader, writer = await asyncio.open_connection(host, port, ssl=unverified_context())
    try:
        connection = writer.get_extra_info("ssl_object")
        leaf = connection.getpeercert(binary_form=True) if isinstance(connection, ssl.SSLObject) else None
        if send_request:
            writer.write(_REQUEST)
            if not (await reader.readline()).startswith(b"HTTP/1.1 "):
                raise ConnectionError("the connection was closed before a request was answered")
        return leaf
    finally:
        writer.transport.abort()  # do not wait for the peer's close_notify


class Presented(msgspec.Struct, frozen=True):
    """What a server presented in a handshake.

    Attributes:
        certificate: Its leaf.
        version: The negotiated TLS version, such as `TLSv1.3`.
        cipher: The cipher suite.
    """

    certificate: x509.Certificate
    version: str
    cipher: str


def presented_by(host: str, port: int, *, timeout_seconds: float = 5.0) -> Presented:
    """What the server at host and port presents in a handshake; `PairError` when the handshake fails or takes longer than the timeout."""
    place = f"{host}:{port}"
    try:
        with (
            socket.create_connection((host, port), timeout=timeout_seconds) as plain,
            unverified_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            der, version, cipher = secured.getpeercert(binary_form=True), secured.version(), secured.cipher()
        return Presented(fully_parsed(x509.load_der_x509_certificate(der or b"")), version or "", cipher[0] if cipher else "")
    except (OSError, UnicodeError, *UNPARSABLE) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise failure(Fault.UNREADABLE, place, f"no TLS handshake ({reason}); check the address and that the server listens") from error
