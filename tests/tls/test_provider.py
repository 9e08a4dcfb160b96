"""Rotation over real connections. What is asserted is what clients see."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import uvicorn

from webhook.tls.problems import Fault
from webhook.tls.provider import CertificateProvider

from .builders import DAY, NOW, Clock, Made, SecretMount, ca, files_in, leaf, made, rsa_key, write
from .wire import LOOPS, REFUSED, Seen, ask, client, connected, listening, run

CA = ca()
FIRST, SECOND, THIRD = leaf(CA), leaf(CA), leaf(CA)

pytestmark = pytest.mark.parametrize("loop", LOOPS)


def source(directory: Path, pair: Made = FIRST, *, client_ca: Made | None = None, clock: Clock | None = None) -> CertificateProvider:
    return CertificateProvider(files_in(directory, pair, client_ca=client_ca), now=clock or Clock())


def told(current: CertificateProvider) -> Fault | None:
    return current.last_error.fault if current.last_error is not None else None


def leaf_seen(current: CertificateProvider, loop: str) -> bytes:
    async def main() -> Seen:
        async with listening(current) as port:
            return await ask(port, client(CA))

    return run(main(), loop).leaf


def test_rotation_under_load_fails_no_handshake_and_closes_no_connection(tmp_path: Path, loop: str) -> None:
    current = source(tmp_path)
    pairs = [SECOND, THIRD, FIRST] * 5
    seen: list[bytes] = []

    async def keep_asking(port: int, over: asyncio.Event) -> None:
        while not over.is_set():
            seen.append((await ask(port, client(CA))).leaf)

    async def main() -> Seen:
        async with listening(current) as port:
            old, over = await connected(port, client(CA)), asyncio.Event()
            load = [asyncio.create_task(keep_asking(port, over)) for _ in range(4)]
            for pair in pairs:
                write(tmp_path, pair)
                assert current.poll_once()
                await asyncio.sleep(0.02)
                await old.ask()
            over.set()
            await asyncio.gather(*load)
            still = await old.ask()
            old.close()
            return still

    assert run(main(), loop).leaf == FIRST.der
    assert {FIRST.der, SECOND.der, THIRD.der} == set(seen)
    assert current.failures == 0
    assert told(current) is None


def test_a_half_rotated_pair_is_refused_until_the_key_follows(tmp_path: Path, loop: str) -> None:
    current = source(tmp_path)
    (tmp_path / "tls.crt").write_bytes(SECOND.cert_pem)
    assert not current.poll_once()
    assert told(current) is Fault.MISMATCH
    assert leaf_seen(current, loop) == FIRST.der
    (tmp_path / "tls.key").write_bytes(SECOND.key_pem)
    assert current.poll_once()
    assert told(current) is None
    assert current.failures == 1
    assert leaf_seen(current, loop) == SECOND.der


def _cut_off(directory: Path) -> None:
    path = directory / "tls.crt"
    path.write_bytes(SECOND.cert_pem[:200])


def _gone(directory: Path) -> None:
    (directory / "tls.key").unlink()


def _expired(directory: Path) -> None:
    write(directory, made(CA, start=NOW - 9 * DAY, end=NOW - DAY))


def _of_tomorrow(directory: Path) -> None:
    write(directory, made(CA, start=NOW + DAY))


def _in_wrong_order(directory: Path) -> None:
    (directory / "tls.crt").write_bytes(CA.cert_pem + FIRST.cert_pem)


def _a_directory(directory: Path) -> None:
    (directory / "tls.crt").unlink()
    (directory / "tls.crt").mkdir()


BAD: dict[Callable[[Path], None], Fault] = {
    _cut_off: Fault.MALFORMED,
    _gone: Fault.UNREADABLE,
    _expired: Fault.EXPIRED,
    _of_tomorrow: Fault.NOT_YET_VALID,
    _in_wrong_order: Fault.BROKEN_CHAIN,
    _a_directory: Fault.UNREADABLE,
}


@pytest.mark.parametrize("spoil", BAD)
def test_the_old_pair_serves_on_whatever_the_new_one_is(tmp_path: Path, spoil: Callable[[Path], None], loop: str) -> None:
    current = source(tmp_path)
    spoil(tmp_path)
    assert not current.poll_once()
    assert told(current) is BAD[spoil]
    assert leaf_seen(current, loop) == FIRST.der


def test_a_secret_mount_is_followed_through_its_symlinks(tmp_path: Path, loop: str) -> None:
    mount = SecretMount(tmp_path, FIRST)
    current = CertificateProvider(mount.files)
    assert not current.poll_once()
    mount.swap(SECOND)
    assert current.poll_once()
    assert leaf_seen(current, loop) == SECOND.der


def test_an_rsa_pair_may_follow_an_ecdsa_pair(tmp_path: Path, loop: str) -> None:
    current = source(tmp_path)
    of_rsa = made(CA, name="localhost", key=rsa_key())
    write(tmp_path, of_rsa)

    async def main() -> tuple[Seen, Seen]:
        async with listening(current) as port:
            assert current.poll_once()
            return await ask(port, client(CA)), await ask(port, client(CA, version=ssl.TLSVersion.TLSv1_2))

    new, older = run(main(), loop)
    assert new.leaf == older.leaf == of_rsa.der
    assert older.cipher.startswith("ECDHE-RSA-")


def test_a_client_without_a_server_name_gets_the_current_pair_too(tmp_path: Path, loop: str) -> None:
    current = source(tmp_path)
    write(tmp_path, SECOND)

    async def main() -> Seen:
        async with listening(current) as port:
            assert current.poll_once()
            return await ask(port, client(CA), server_name=None)

    assert run(main(), loop).leaf == SECOND.der


def outcome(current: CertificateProvider, loop: str, *contexts: ssl.SSLContext) -> list[bool]:
    """Whether each client is let in."""

    async def main() -> list[bool]:
        async with listening(current) as port:
            return [await _let_in(port, context) for context in contexts]

    return run(main(), loop)


async def _let_in(port: int, context: ssl.SSLContext) -> bool:
    try:
        await ask(port, context)
    except REFUSED:
        return False
    return True


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_must_show_a_certificate_of_the_client_ca(tmp_path: Path, version: ssl.TLSVersion, loop: str) -> None:
    clients, strangers = ca("clients"), ca("strangers")
    current = source(tmp_path, client_ca=clients)
    right, wrong = made(clients, name="apiserver"), made(strangers, name="apiserver")
    shown = [None, wrong, right]
    assert outcome(current, loop, *[client(CA, shows=each, version=version) for each in shown]) == [False, False, True]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_replaced_client_ca_counts_for_new_connections_only(tmp_path: Path, version: ssl.TLSVersion, loop: str) -> None:
    before, after = ca("before"), ca("after")
    current = source(tmp_path, client_ca=before)
    old, new = (client(CA, shows=made(each, name="apiserver"), version=version) for each in (before, after))

    async def main() -> tuple[list[bool], Seen]:
        async with listening(current) as port:
            open_before = await connected(port, old)
            (tmp_path / "client-ca.crt").write_bytes(after.cert_pem)
            assert current.poll_once()
            let_in = [await _let_in(port, each) for each in (client(CA, version=version), old, new)]
            still = await open_before.ask()
            open_before.close()
            return let_in, still

    let_in, still = run(main(), loop)
    assert let_in == [False, False, True]
    assert still.leaf == FIRST.der


def test_two_client_cas_overlap_during_their_rotation(tmp_path: Path, loop: str) -> None:
    before, after = ca("before"), ca("after")
    current = source(tmp_path, client_ca=before)
    (tmp_path / "client-ca.crt").write_bytes(before.cert_pem + after.cert_pem)
    assert current.poll_once()
    assert outcome(current, loop, *[client(CA, shows=made(each)) for each in (before, after)]) == [True, True]


@pytest.mark.parametrize(("content", "fault"), [(b"", Fault.UNREADABLE), (made(CA).cert_pem, Fault.UNFIT), (b"x", Fault.MALFORMED)])
def test_a_bad_client_ca_is_refused_and_clients_are_verified_as_before(tmp_path: Path, content: bytes, fault: Fault, loop: str) -> None:
    clients = ca("clients")
    current = source(tmp_path, client_ca=clients)
    (tmp_path / "client-ca.crt").write_bytes(content)
    assert not current.poll_once()
    assert told(current) is fault
    assert outcome(current, loop, client(CA), client(CA, shows=made(clients))) == [False, True]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_versions_and_weak_ciphers_are_refused(tmp_path: Path, loop: str) -> None:
    weak = [
        client(CA, version=ssl.TLSVersion.TLSv1_1, ciphers="ALL:@SECLEVEL=0"),
        client(CA, version=ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:AES128-GCM-SHA256"),
        client(CA, version=ssl.TLSVersion.TLSv1_2, ciphers="DHE-RSA-AES256-GCM-SHA384"),
    ]
    fine = [client(CA, version=version) for version in VERSIONS]
    assert outcome(source(tmp_path), loop, *weak, *fine) == [False, False, False, True, True]


def test_tls_1_3_may_be_the_least(tmp_path: Path, loop: str) -> None:
    files = files_in(tmp_path, FIRST)
    only_newest = CertificateProvider(type(files)(cert=files.cert, key=files.key, minimum=ssl.TLSVersion.TLSv1_3))
    assert outcome(only_newest, loop, *[client(CA, version=version) for version in VERSIONS]) == [False, True]


def test_http_1_1_is_agreed_on_though_the_client_would_like_h2(tmp_path: Path, loop: str) -> None:
    current = source(tmp_path)

    async def main() -> Seen:
        async with listening(current) as port:
            return await ask(port, client(CA))

    assert run(main(), loop).alpn == "http/1.1"


def test_uvicorn_serves_the_new_pair_and_keeps_its_connections(tmp_path: Path, loop: str) -> None:
    current = source(tmp_path)

    async def main() -> tuple[bytes, bytes]:
        server = await _uvicorn(current)
        port = server.servers[0].sockets[0].getsockname()[1]
        before = await asyncio.open_connection("127.0.0.1", port, ssl=client(CA), server_hostname="localhost")
        assert await _status(*before) == b"HTTP/1.1 200 OK"
        write(tmp_path, SECOND)
        assert current.poll_once()
        after = await asyncio.open_connection("127.0.0.1", port, ssl=client(CA), server_hostname="localhost")
        assert [await _status(*each) for each in (before, after)] == [b"HTTP/1.1 200 OK"] * 2
        leaves = [writer.get_extra_info("ssl_object").getpeercert(binary_form=True) for _, writer in (before, after)]
        for _, writer in (before, after):
            writer.transport.abort()
        await server.shutdown()
        return leaves[0], leaves[1]

    assert run(main(), loop) == (FIRST.der, SECOND.der)


async def _uvicorn(current: CertificateProvider) -> uvicorn.Server:
    async def app(_scope: object, _receive: object, send: Callable[[dict[str, object]], object]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})  # type: ignore[misc]
        await send({"type": "http.response.body"})  # type: ignore[misc]

    def factory(*_: object) -> ssl.SSLContext:
        return current.context_for_listener()

    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http="httptools", lifespan="off", log_level="critical", ssl_context_factory=factory
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    return server


async def _status(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    return head.partition(b"\r\n")[0]
