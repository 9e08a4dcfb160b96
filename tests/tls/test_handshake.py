import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from webhook.tls.handshake import handshake
from webhook.tls.provider import CertificateProvider

from .builders import Clock, ca, files_in, leaf, write
from .wire import LOOPS, listening, run

CA = ca()
FIRST, SECOND = leaf(CA), leaf(CA)

pytestmark = pytest.mark.parametrize("loop", LOOPS)


def source(directory: Path, *, verify_clients: bool = False) -> CertificateProvider:
    return CertificateProvider(files_in(directory, FIRST, client_ca=CA if verify_clients else None))


@pytest.mark.parametrize("verify_clients", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", ""])  # noqa: S104 - what a listener may be told
def test_all_is_well_before_and_after_a_swap(tmp_path: Path, host: str, loop: str, *, verify_clients: bool) -> None:
    current = source(tmp_path, verify_clients=verify_clients)

    async def main() -> list[str | None]:
        async with listening(current) as port:
            before = await handshake(host, port, current)
            write(tmp_path, SECOND)
            assert current.poll_once()
            return [before, await handshake(host, port, current)]

    assert run(main(), loop) == [None, None]


def test_another_server_on_the_port_is_told(tmp_path: Path, loop: str) -> None:
    current = source(tmp_path)
    (tmp_path / "other").mkdir()
    other = CertificateProvider(files_in(tmp_path / "other", SECOND))

    async def main() -> str | None:
        async with listening(other) as port:
            return await handshake("127.0.0.1", port, current)

    assert "another certificate than the current one" in str(run(main(), loop))


def test_an_expired_pair_is_told(tmp_path: Path, loop: str) -> None:
    current, clock = source(tmp_path), Clock()
    clock.forward(days=91)

    async def main() -> str | None:
        async with listening(current) as port:
            return await handshake("127.0.0.1", port, current, now=clock)

    assert "expired on" in str(run(main(), loop))


@asynccontextmanager
async def _silent() -> AsyncIterator[int]:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await asyncio.sleep(0.01)


def test_a_listener_that_says_nothing_is_not_waited_for(tmp_path: Path, loop: str) -> None:
    async def main() -> str | None:
        async with _silent() as port:
            return await handshake("127.0.0.1", port, source(tmp_path), timeout_seconds=0.05)

    assert str(run(main(), loop)).startswith("no TLS handshake within 0.05 seconds on 127.0.0.1 port")


def test_no_listener_at_all_is_told(tmp_path: Path, loop: str) -> None:
    async def main() -> str | None:
        async with _silent() as port:
            pass
        return await handshake("127.0.0.1", port, source(tmp_path))

    assert str(run(main(), loop)).startswith("no TLS handshake on 127.0.0.1 port")


@pytest.mark.parametrize("answers", [True, False])
def test_asked_for_a_request_a_handshake_alone_is_not_enough(tmp_path: Path, loop: str, *, answers: bool) -> None:
    current = source(tmp_path)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        if answers:
            writer.write(b"HTTP/1.1 404 Not Found\r\n\r\n")
        writer.close()

    async def main() -> tuple[str | None, str | None]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=current.context_for_listener())
        port = server.sockets[0].getsockname()[1]
        told = await handshake("127.0.0.1", port, current), await handshake("127.0.0.1", port, current, send_request=True)
        server.close()
        await asyncio.sleep(0.01)
        return told

    handshake_alone, with_request = run(main(), loop)
    assert handshake_alone is None
    assert with_request is None if answers else "closed before a request was answered" in str(with_request)
