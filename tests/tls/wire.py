"""Real TLS over loopback: a server that echoes lines, and clients that ask it. On asyncio's own loop and on uvloop."""

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TypeVar

import uvloop

from webhook.tls.provider import CertificateProvider

from .builders import Made

_Result = TypeVar("_Result")

LOOPS: Mapping[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
REFUSED = (ssl.SSLError, ConnectionError)


def run(main: Coroutine[object, object, _Result], loop: str = "asyncio") -> _Result:
    """Run on this kind of loop; a test that hangs fails."""

    async def bounded() -> _Result:
        async with asyncio.timeout(30):
            return await main

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(bounded())


@contextlib.asynccontextmanager
async def listening(source: CertificateProvider) -> AsyncIterator[int]:
    """An echo server with the source's context; gives its port."""
    server = await asyncio.start_server(_echo, "127.0.0.1", 0, ssl=source.context_for_listener())
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
    writer.close()


@dataclass(frozen=True)
class Seen:
    """What a client saw: the server's certificate, the TLS version and cipher, and the protocol agreed on."""

    leaf: bytes
    version: str
    cipher: str
    alpn: str | None


class Connection:
    """An open connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self) -> Seen:
        """One line there and back: only then is a client of TLS 1.3 sure that it was let in."""
        self._writer.write(b"ping\n")
        await self._writer.drain()
        if await self._reader.readline() != b"ping\n":
            raise ConnectionResetError
        tls = self._writer.get_extra_info("ssl_object")
        return Seen(tls.getpeercert(binary_form=True), tls.version(), tls.cipher()[0], tls.selected_alpn_protocol())

    def close(self) -> None:
        self._writer.transport.abort()


async def connected(port: int, context: ssl.SSLContext, server_name: str | None = "localhost") -> Connection:
    """`server_name` None: no SNI is sent, and no name is checked."""
    context.check_hostname = server_name is not None
    return Connection(*await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=server_name or ""))


async def ask(port: int, context: ssl.SSLContext, server_name: str | None = "localhost") -> Seen:
    """One line over a new connection."""
    connection = await connected(port, context, server_name)
    try:
        return await connection.ask()
    finally:
        connection.close()


def client(*trusted: Made, shows: Made | None = None, version: ssl.TLSVersion | None = None, ciphers: str = "") -> ssl.SSLContext:
    """A client that trusts these CAs, and shows a certificate if it has one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata="".join(each.cert_pem.decode() for each in trusted))
    context.set_alpn_protocols(["h2", "http/1.1"])
    if ciphers:
        context.set_ciphers(ciphers)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if shows is not None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(shows.cert_pem + shows.key_pem)
            file.flush()
            context.load_cert_chain(file.name)
    return context
