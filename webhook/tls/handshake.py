"""A TLS handshake with ourselves, for readiness: does the listener answer, and with the certificate of now? Sends no request."""

import asyncio
import ssl

from webhook.tls.context import unverified_context
from webhook.tls.pair import Clock, Pair, utc_now
from webhook.tls.problem import PairError
from webhook.tls.source import CertificateSource

_HERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - a listener on every address is asked on one of them


async def handshake(host: str, port: int, source: CertificateSource, *, timeout_seconds: float = 2.0, now: Clock = utc_now) -> str | None:
    """`None` when a new connection to host and port gets the pair in service, valid now; else why not. Ends within the time.

    The leaf is compared byte by byte with ours, which says more than a chain of trust; so no name and no CA are needed. Where clients must
    show a certificate we show none: in TLS 1.3 the server's own part is over before it refuses us.
    """
    before = source.pair
    try:
        async with asyncio.timeout(timeout_seconds):
            leaf = await _leaf_at(_HERE.get(host, host), port)
    except TimeoutError:
        return f"no TLS handshake within {timeout_seconds:g} seconds on {host} port {port}"
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


async def _leaf_at(host: str, port: int) -> bytes | None:
    _, writer = await asyncio.open_connection(host, port, ssl=unverified_context())
    try:
        connection = writer.get_extra_info("ssl_object")
        return connection.getpeercert(binary_form=True) if isinstance(connection, ssl.SSLObject) else None
    finally:
        writer.transport.abort()  # nothing was sent, and a peer that does not say good-bye must not hold us
