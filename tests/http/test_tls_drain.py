"""The end of a TLS port: good-byes that are said, requests that are answered, and handshakes that never end."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from tests.tls.builders import ca, files_in, leaf
from tests.tls.wire import LOOPS, client, run
from webhook.http.limited_listener import LimitedListener
from webhook.http.limits import ConnectionLimits
from webhook.tls.provider import CertificateProvider

CA = ca()
PAIR = leaf(CA)
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"

pytestmark = pytest.mark.parametrize("loop", LOOPS)
of_each_version = pytest.mark.parametrize("version", VERSIONS, ids=lambda each: each.name)


class App:
    """Answers when its gate is open."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await receive()
        self.asked.set()
        await self.gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


class Port:
    """A started TLS port and its application."""

    def __init__(self, directory: Path, handshake_seconds: float, max_handshakes: int) -> None:
        source = CertificateProvider(files_in(directory, PAIR))
        self.app = App()
        self.listener = LimitedListener(
            self.app,
            host="127.0.0.1",
            port=0,
            limits=ConnectionLimits(handshake_seconds=handshake_seconds, max_handshakes=max_handshakes),
            ssl_context_factory=source.context_for_listener,
        )

    async def connect(self, version: ssl.TLSVersion) -> "Client":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.listener.port)
        connection = Client(reader, writer, client(CA, version=version))
        await connection.handshake()
        return connection

    async def connect_plain(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.listener.port)


@contextlib.asynccontextmanager
async def started(directory: Path, *, handshake_seconds: float = 5.0, max_handshakes: int = 256) -> AsyncIterator[Port]:
    port = Port(directory, handshake_seconds, max_handshakes)
    await port.listener.start()
    try:
        yield port
    finally:
        await port.listener.stop(0)


class Client:
    """TLS by hand over a plain connection: it tells a good-bye (close_notify) from a connection that just ends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
        self._reader, self._writer = reader, writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")

    async def handshake(self) -> None:
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                self._tls.do_handshake()
                await self._flush()
                return
            await self._flush()
            await self._fill()

    async def send(self, data: bytes) -> None:
        self._tls.write(data)
        await self._flush()

    async def read_to_the_end(self) -> tuple[bytes, bool]:
        """What came, and whether the server said good-bye before it closed."""
        data = b""
        while True:
            try:
                part = self._tls.read(65536)
            except ssl.SSLWantReadError:
                await self._fill()
            except ssl.SSLZeroReturnError:
                return data, True
            except ssl.SSLEOFError:
                return data, False
            else:
                if not part:
                    return data, True
                data += part

    async def close(self) -> None:
        await ended(self._writer)

    async def _flush(self) -> None:
        self._writer.write(self._outgoing.read())
        await self._writer.drain()

    async def _fill(self) -> None:
        data = b""
        with contextlib.suppress(ConnectionError):
            data = await self._reader.read(65536)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


async def ended(writer: asyncio.StreamWriter) -> None:
    """Let go of a connection, and wait until it is gone."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def hello() -> bytes:
    """The first message of a handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        client(CA).wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


@of_each_version
def test_an_idle_connection_is_told_good_bye_before_it_is_closed(tmp_path: Path, version: ssl.TLSVersion, loop: str) -> None:
    async def story() -> tuple[bytes, bool]:
        async with started(tmp_path) as port:
            port.app.gate.set()
            connection = await port.connect(version)
            await connection.send(REQUEST)
            await port.app.asked.wait()
            stopping = asyncio.create_task(port.listener.stop())
            end = await connection.read_to_the_end()
            await connection.close()
            await stopping
            return end

    answer, good_bye = run(story(), loop)
    assert answer.startswith(b"HTTP/1.1 200")
    assert good_bye


@of_each_version
def test_what_is_in_flight_is_answered_whole_and_then_told_good_bye(tmp_path: Path, version: ssl.TLSVersion, loop: str) -> None:
    async def story() -> tuple[bytes, bool]:
        async with started(tmp_path) as port:
            connection = await port.connect(version)
            await connection.send(REQUEST)
            await port.app.asked.wait()
            stopping = asyncio.create_task(port.listener.stop())
            await asyncio.sleep(0)
            port.app.gate.set()
            end = await connection.read_to_the_end()
            await connection.close()
            await stopping
            return end

    answer, good_bye = run(story(), loop)
    assert answer.endswith(b"\r\n\r\nok")
    assert b"connection: close" in answer
    assert good_bye


@of_each_version
def test_a_connection_that_was_opened_before_the_end_may_still_ask(tmp_path: Path, version: ssl.TLSVersion, loop: str) -> None:
    async def story() -> tuple[bytes, bool]:
        async with started(tmp_path) as port:
            port.app.gate.set()
            connection = await port.connect(version)
            while not port.listener.connections:  # noqa: ASYNC110 - the server's side of the handshake tells nobody
                await asyncio.sleep(0)
            stopping = asyncio.create_task(port.listener.stop())
            await asyncio.sleep(0)
            await connection.send(REQUEST)
            end = await connection.read_to_the_end()
            await connection.close()
            await stopping
            return end

    answer, good_bye = run(story(), loop)
    assert answer.endswith(b"ok")
    assert good_bye


@pytest.mark.parametrize("sent", ["nothing", "half a hello", "a hello"])
def test_a_handshake_that_does_not_go_on_does_not_hold_up_the_end(tmp_path: Path, sent: str, loop: str) -> None:
    """Of the 30 s that `stop` may take, and the 60 s that the handshake may, none is used."""
    parts = {"nothing": b"", "half a hello": hello()[:50], "a hello": hello()}

    async def story() -> float:
        async with started(tmp_path, handshake_seconds=60) as port:
            _, writer = await port.connect_plain()
            writer.write(parts[sent])
            await writer.drain()
            began = time.monotonic()
            await port.listener.stop()
            took = time.monotonic() - began
            await ended(writer)
            return took

    assert run(story(), loop) < 15


@pytest.mark.parametrize("sent", ["nothing", "half a hello"])
def test_a_handshake_that_does_not_go_on_is_cut_off_in_its_time_while_others_are_served(tmp_path: Path, sent: str, loop: str) -> None:
    parts = {"nothing": b"", "half a hello": hello()[:50]}

    async def story() -> bytes:
        async with started(tmp_path, handshake_seconds=0.2) as port:
            port.app.gate.set()
            reader, writer = await port.connect_plain()
            writer.write(parts[sent])
            served = await port.connect(ssl.TLSVersion.TLSv1_3)
            await served.send(REQUEST)
            await port.app.asked.wait()
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            await ended(writer)
            stopping = asyncio.create_task(port.listener.stop())
            answer, _ = await served.read_to_the_end()
            await served.close()
            await stopping
            return answer

    assert run(story(), loop).endswith(b"ok")


def test_a_client_that_never_says_good_bye_back_holds_up_the_end_no_longer_than_it_may_last(tmp_path: Path, loop: str) -> None:
    async def story() -> float:
        async with started(tmp_path) as port:
            port.app.gate.set()
            connection = await port.connect(ssl.TLSVersion.TLSv1_3)
            await connection.send(REQUEST)
            await port.app.asked.wait()
            began = time.monotonic()
            await port.listener.stop(0.2)
            took = time.monotonic() - began
            await connection.close()
            return took

    assert run(story(), loop) < 15


def test_of_too_many_handshakes_the_oldest_of_the_client_with_the_most_ends_and_others_are_served(tmp_path: Path, loop: str) -> None:
    async def story() -> bytes:
        async with started(tmp_path, handshake_seconds=60, max_handshakes=2) as port:
            port.app.gate.set()
            silent = [await port.connect_plain() for _ in range(3)]
            assert await silent[0][0].read() == b""
            served = await port.connect(ssl.TLSVersion.TLSv1_3)
            await served.send(REQUEST)
            await port.app.asked.wait()
            stopping = asyncio.create_task(port.listener.stop())
            answer, _ = await served.read_to_the_end()
            await served.close()
            for _, writer in silent:
                await ended(writer)
            await stopping
            return answer

    assert run(story(), loop).endswith(b"ok")
