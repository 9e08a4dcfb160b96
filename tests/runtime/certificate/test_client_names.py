"""Whose client certificates get in, over real connections that are kept, on both kinds of loop and with both versions of TLS."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import structlog
from starlette.types import Receive, Scope, Send

from tests.tls.builders import Made, ca, files_in, leaf, made, write
from tests.tls.wire import LOOPS, REFUSED, client, run
from webhook.http.listener import Listener
from webhook.runtime.certificate.from_settings import listening_context
from webhook.runtime.settings.model import ServeSettings
from webhook.tls.provider import CertificateProvider

SERVERS, CLIENTS = ca("servers"), ca("clients")
FIRST, SECOND = leaf(SERVERS), leaf(SERVERS)
WANTED = made(CLIENTS, name="kube-apiserver")
BY_URI = made(CLIENTS, name="x", uri="spiffe://cluster/kube-apiserver")
OTHERS = {"another name": made(CLIENTS, name="stranger"), "another CA": made(ca(), name="kube-apiserver"), "none": None}
NAMES = ("kube-apiserver", "spiffe://cluster/kube-apiserver")
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"

pytestmark = [pytest.mark.parametrize("loop", LOOPS), pytest.mark.parametrize("version", VERSIONS, ids=lambda each: each.name)]


class App:
    """Answers every request, and counts them."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await receive()
        self.asked += 1
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


class Server:
    """A listener as `bindguard serve` makes it, with client names."""

    def __init__(self, directory: Path) -> None:
        settings = ServeSettings(client_ca=str(directory / "client-ca.crt"), client_names=NAMES)
        self.source = CertificateProvider(files_in(directory, FIRST, client_ca=CLIENTS))
        self.app = App()
        self.listener = Listener(self.app, host="127.0.0.1", port=0, ssl_context_factory=lambda: listening_context(settings, self.source))

    def serve(self, story: Callable[[], Awaitable[None]], loop: str) -> list[object]:
        """Run a story against it; the subjects of clients that were refused."""

        async def main() -> None:
            await self.listener.start()
            await story()
            await self.listener.stop(0)

        with structlog.testing.capture_logs() as logs:
            run(main(), loop)
        return [line["subject"] for line in logs if line["event"] == "client refused"]

    async def connect(self, shows: Made | None, version: ssl.TLSVersion) -> "Client":
        context = client(SERVERS, shows=shows, version=version)
        return Client(*await asyncio.open_connection("127.0.0.1", self.listener.port, ssl=context, server_hostname="localhost"))

    async def refuses(self, shows: Made | None, version: ssl.TLSVersion) -> None:
        """A client of TLS 1.3 learns that it was not let in when it waits for an answer, one of 1.2 in the handshake."""
        try:
            connection = await self.connect(shows, version)
        except REFUSED:
            return
        with pytest.raises((*REFUSED, asyncio.IncompleteReadError)):
            await connection.ask()
        await connection.close()


class Client:
    """A connection that asks and asks again."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self) -> bytes:
        self._writer.write(REQUEST)
        await self._writer.drain()
        return (await self._reader.readuntil(b"ok")).split(b"\r\n")[0]

    def leaf(self) -> bytes:
        tls = self._writer.get_extra_info("ssl_object")
        shown = tls.getpeercert(binary_form=True)
        assert isinstance(shown, bytes)
        return shown

    async def close(self) -> None:
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


@pytest.mark.parametrize("shows", [WANTED, BY_URI], ids=["common name", "URI"])
def test_a_wanted_client_asks_as_often_as_it_likes_on_one_connection(
    tmp_path: Path, shows: Made, version: ssl.TLSVersion, loop: str
) -> None:
    server = Server(tmp_path)

    async def story() -> None:
        connection = await server.connect(shows, version)
        assert [await connection.ask() for _ in range(5)] == [b"HTTP/1.1 200 OK"] * 5
        assert server.listener.connections == 1
        await connection.close()

    assert server.serve(story, loop) == []
    assert server.app.asked == 5


@pytest.mark.parametrize("other", OTHERS)
def test_no_request_of_any_other_client_is_heard(tmp_path: Path, other: str, version: ssl.TLSVersion, loop: str) -> None:
    server = Server(tmp_path)

    async def story() -> None:
        for _ in range(3):
            await server.refuses(OTHERS[other], version)
        connection = await server.connect(WANTED, version)
        await connection.ask()
        await connection.close()

    refused = server.serve(story, loop)
    assert server.app.asked == 1
    assert len(refused) == (3 if other == "another name" else 0)
    assert all("stranger" in str(subject) for subject in refused)


def test_names_count_after_a_new_pair_too_and_open_connections_live_on(tmp_path: Path, version: ssl.TLSVersion, loop: str) -> None:
    server = Server(tmp_path)

    async def story() -> None:
        old = await server.connect(WANTED, version)
        await old.ask()
        write(tmp_path, SECOND)
        assert server.source.poll_once()
        new = await server.connect(WANTED, version)
        assert [await each.ask() for each in (old, new)] == [b"HTTP/1.1 200 OK"] * 2
        assert (old.leaf(), new.leaf()) == (FIRST.der, SECOND.der)
        await server.refuses(OTHERS["another name"], version)
        await old.close()
        await new.close()

    assert len(server.serve(story, loop)) == 1
    assert server.app.asked == 3
