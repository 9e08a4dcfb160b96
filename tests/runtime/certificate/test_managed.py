"""Replicas with a managed certificate: from nothing to a source, behind a Secret that changes, and to the end."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.cluster.fake_api import FakeApi
from tests.cluster.named_objects import LEASE, MUTATING, SECRET, VALIDATING, applying, bundles, configuration, secret
from tests.cluster.stories import run, until
from tests.tls import builders as tls
from webhook.cluster.api import ApiServer
from webhook.cluster.clock import Clock
from webhook.errors import UsageError
from webhook.runtime.certificate.managed import ManagedCertificate, ManagedNames
from webhook.runtime.certificate.secret_watcher import LOOK_SECONDS
from webhook.tls.checks import is_issued_by
from webhook.tls.pair import PairFiles, utc_now
from webhook.tls.problems import Fault, PairError
from webhook.tls.secret_contents import cas_in

CA = tls.ca()
FIRST, SECOND = tls.leaf(CA), tls.leaf(CA)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as running:
        applying(running)
        running.store(VALIDATING, configuration(None))
        running.store(MUTATING, configuration(None))
        yield running


async def quickly(seconds: float) -> None:
    """Sleep no longer than a test likes to."""
    await asyncio.sleep(min(seconds, 0.01))


def managed(server: ApiServer, *, names: tuple[str, ...] = (tls.NAME,), **options: Any) -> ManagedCertificate:
    wanted = ManagedNames(namespace="ns", secret="bindguard-tls", lease="bindguard", webhook_configuration="bindguard", names=names)  # noqa: S106 - a name
    return ManagedCertificate(server, wanted, clock=Clock(sleep=quickly), **options)


def holds(api: FakeApi, pair: tls.Made, **more: bytes) -> None:
    """Store the Secret with a pair."""
    api.store(SECRET, secret(tls_crt=pair.cert_pem, tls_key=pair.key_pem, ca_crt=CA.cert_pem, **more))


def runs(api: FakeApi, story: Callable[[ManagedCertificate], Awaitable[None]], **options: Any) -> None:
    """Run a replica while the story goes on, and stop it."""

    async def whole(server: ApiServer) -> None:
        one = managed(server, **options)
        running = asyncio.create_task(one.run())
        await story(one)
        await one.stop()
        assert running.cancelled()

    run(api, whole)


def test_from_nothing_to_a_certificate_that_every_webhook_trusts(api: FakeApi) -> None:
    async def story(one: ManagedCertificate) -> None:
        assert await one.check() == "the Secret has not been read yet"
        source = await one.secret_watcher.wait_until_available()
        assert await one.check() is None
        for path in (VALIDATING, MUTATING):
            assert all(is_issued_by(source.pair.chain[0], cas_in(bundle, utc_now())[0]) for bundle in bundles(api, path))
        assert one.leads
        assert one.controller_problem is None
        assert source.expires_at < one.secret_watcher.ca_expires_at

    api.store("/api/v1/namespaces/ns", {"metadata": {"name": "ns", "uid": "namespace-uid"}})
    with structlog.testing.capture_logs() as logs:
        runs(api, story)
    assert [line for line in logs if line["log_level"] != "info"] == []


def test_a_replica_that_stops_gives_the_lease_back(api: FakeApi) -> None:
    async def story(one: ManagedCertificate) -> None:
        await one.secret_watcher.wait_until_available()
        assert api.objects[LEASE]["spec"]["holderIdentity"]

    runs(api, story)
    assert api.objects[LEASE]["spec"]["holderIdentity"] == ""


def test_a_replica_that_was_cancelled_already_gives_the_lease_back_too(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        one = managed(server)
        running = asyncio.create_task(one.run())
        await one.secret_watcher.wait_until_available()
        running.cancel()
        await one.stop()

    run(api, story)
    assert api.objects[LEASE]["spec"]["holderIdentity"] == ""


def test_two_replicas_that_start_at_once_serve_the_same_certificate(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        both = [managed(server), managed(server)]
        running = [asyncio.create_task(each.run()) for each in both]
        one, other = [await each.secret_watcher.wait_until_available() for each in both]
        await until(lambda: one.pair.leaf == other.pair.leaf)
        assert sorted(each.leads for each in both) == [False, True]
        for each in both:
            await each.stop()
        await asyncio.wait(running)

    run(api, story)


def test_a_new_pair_is_taken_into_service_within_ten_seconds(api: FakeApi) -> None:
    async def story(one: ManagedCertificate) -> None:
        holds(api, FIRST)
        source = await one.secret_watcher.wait_until_available()
        holds(api, SECOND)
        await until(lambda: source.pair.leaf == SECOND.der and "certificate reloaded" in events())

    async def look(server: ApiServer) -> None:
        one = managed(server)
        holds(api, FIRST)
        assert await one.secret_watcher.look() == LOOK_SECONDS < 8

    def events() -> list[str]:
        return [line["event"] for line in logs]

    run(api, look)
    with structlog.testing.capture_logs() as logs:
        runs(api, story)
    assert events().count("certificate reloaded") == 1


@pytest.mark.parametrize("fault", [403, 500, "cut", "no JSON"])
def test_a_secret_that_cannot_be_read_changes_nothing_for_who_serves_already(api: FakeApi, fault: int | str) -> None:
    async def story(server: ApiServer) -> None:
        one = managed(server)
        holds(api, FIRST)
        await one.secret_watcher.look()
        api.fail(SECRET, fault, times=5)
        assert [await one.secret_watcher.look() for _ in range(5)] == [1, 2, 4, 8, 8]
        assert await one.check() is None
        assert not (await one.secret_watcher.wait_until_available()).poll_once()
        assert await one.secret_watcher.look() == LOOK_SECONDS

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    assert len(logs) == 1


def test_a_good_pair_that_no_ca_of_the_secret_signed_is_not_taken_while_there_is_another(api: FakeApi) -> None:
    stranger = tls.leaf(tls.ca())

    async def story(server: ApiServer) -> None:
        one = managed(server)
        holds(api, FIRST)
        await one.secret_watcher.look()
        source = await one.secret_watcher.wait_until_available()
        holds(api, stranger)
        await one.secret_watcher.look()
        assert not source.poll_once()
        assert source.pair.leaf == FIRST.der
        holds(api, SECOND)
        await one.secret_watcher.look()
        assert source.poll_once()

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    [line] = logs
    assert "tls.crt is signed by none of its ca.crt, which API servers trust; the leader makes one" in line["problem"]


def test_a_secret_that_goes_bad_or_away_leaves_the_old_pair_in_service(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        one = managed(server)
        holds(api, FIRST)
        await one.secret_watcher.look()
        source = await one.secret_watcher.wait_until_available()
        api.store(SECRET, secret(tls_crt=FIRST.cert_pem, tls_key=SECOND.key_pem))
        await one.secret_watcher.look()
        assert not source.poll_once()
        assert source.last_error is not None
        assert source.last_error.fault is Fault.MISMATCH
        assert "Secret ns/bindguard-tls tls.key: " in str(source.last_error)
        api.store(SECRET, secret(tls_crt=b"", tls_key=b""))
        await one.secret_watcher.look()
        api.remove(SECRET)
        await one.secret_watcher.look()
        assert source.pair.leaf == FIRST.der
        assert await one.check() is None

    with structlog.testing.capture_logs():
        run(api, story)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (None, "Secret ns/bindguard-tls does not exist; the leader makes one (now: nobody)"),
        (secret(), "Secret ns/bindguard-tls holds no certificate yet"),
        (secret(tls_crt=FIRST.cert_pem, tls_key=SECOND.key_pem), "the key does not belong to the certificate"),
    ],
)
def test_a_replica_without_a_certificate_is_not_ready_and_says_why(api: FakeApi, stored: dict[str, Any] | None, reason: str) -> None:
    async def story(server: ApiServer) -> None:
        one = managed(server)
        if stored is not None:
            api.store(SECRET, stored)
        assert await one.secret_watcher.look() < 1
        assert one.source is None
        assert reason in (await one.check() or "")

    with structlog.testing.capture_logs():
        run(api, story)


def test_an_api_server_that_asks_to_be_left_alone_is_not_asked_for_the_secret_before(api: FakeApi) -> None:
    api.retry_after = "9"
    api.fail(SECRET, 429)
    with structlog.testing.capture_logs():
        assert run(api, lambda server: managed(server).secret_watcher.look()) == 9


def test_an_api_server_that_is_away_at_the_start_is_waited_for(api: FakeApi) -> None:
    api.fail("/", 503, times=20)

    async def story(one: ManagedCertificate) -> None:
        await until(lambda: len(api.requests) > 4)
        assert "HTTP 503" in (await one.check() or "")
        await one.secret_watcher.wait_until_available()

    with structlog.testing.capture_logs():
        runs(api, story)


def test_a_deleted_secret_is_made_anew_while_the_old_certificate_is_served_and_trusted(api: FakeApi) -> None:
    async def begin(one: ManagedCertificate) -> None:
        await one.secret_watcher.wait_until_available()

    async def lose_the_secret(one: ManagedCertificate) -> None:
        source = await one.secret_watcher.wait_until_available()
        before = source.pair.chain[0]
        api.remove(SECRET)
        await until(lambda: source.pair.chain[0] != before)
        assert any(is_issued_by(before, each) for each in cas_in(bundles(api, VALIDATING)[0], utc_now()))

    with structlog.testing.capture_logs():
        runs(api, begin)
        runs(api, lose_the_secret, settle_seconds=0.1)


def test_who_begins_while_the_ca_of_a_lost_secret_is_replaced_serves_at_once(api: FakeApi) -> None:
    """The Secret is deleted, another CA made, and then every pod dies: the certificate that was served is in the Secret again."""
    served: list[bytes] = []

    async def begin(one: ManagedCertificate) -> None:
        source = await one.secret_watcher.wait_until_available()
        served.append(source.pair.leaf)
        api.remove(SECRET)
        await until(lambda: bool(api.objects.get(SECRET, {}).get("data", {}).get("tls.crt")))

    async def begin_again(one: ManagedCertificate) -> None:
        source = await one.secret_watcher.wait_until_available()
        assert source.pair.leaf == served[0]
        assert any(is_issued_by(source.pair.chain[0], each) for each in cas_in(bundles(api, VALIDATING)[0], utc_now()))

    with structlog.testing.capture_logs():
        runs(api, begin)
        runs(api, begin_again)


@pytest.mark.parametrize(
    "data", [{}, {"ca_crt": tls.ca().cert_pem}, {"ca_crt": CA.cert_pem, "tls_crt": SECOND.cert_pem, "tls_key": SECOND.key_pem}]
)
def test_nothing_is_put_back_where_there_is_a_certificate_or_nobody_would_trust_it(api: FakeApi, data: dict[str, bytes]) -> None:
    async def story(server: ApiServer) -> None:
        one = managed(server)
        holds(api, FIRST)
        await one.secret_watcher.look()
        api.store(SECRET, secret(**data))
        await one.secret_watcher.look()

    with structlog.testing.capture_logs():
        run(api, story)
    assert api.asked("PATCH", SECRET) == []


def test_of_two_who_put_a_certificate_back_the_second_leaves_it(api: FakeApi) -> None:
    async def story(server: ApiServer) -> None:
        one = managed(server)
        holds(api, FIRST)
        await one.secret_watcher.look()
        api.store(SECRET, secret(ca_crt=CA.cert_pem))
        api.answer = lambda asked: (409, {}) if asked.method == "PATCH" else None
        assert await one.secret_watcher.look() == LOOK_SECONDS

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    assert "put back" not in str(logs)


def test_a_replica_with_a_wrong_clock_follows_but_does_not_lead(api: FakeApi) -> None:
    async def story(one: ManagedCertificate) -> None:
        await until(lambda: bool(api.asked("GET", SECRET)))
        assert "clock is 301 s ahead of the API server's; correct it" in (await one.check() or "")
        holds(api, FIRST)
        await one.secret_watcher.wait_until_available()
        assert not one.leads

    with structlog.testing.capture_logs():
        runs(api, story, skew=lambda: 301.0)
    assert api.asked("GET", LEASE) == []


def test_names_are_the_leaders_to_keep_so_that_an_upgrade_can_begin_with_the_old_certificate(api: FakeApi) -> None:
    holds(api, FIRST)

    async def story(server: ApiServer) -> None:
        one = managed(server, names=("another.svc",))
        for _ in range(3):
            await one.secret_watcher.look()
        assert (await one.secret_watcher.wait_until_available()).pair.leaf == FIRST.der
        assert await one.check() is None

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    told = {
        "event": "certificate is for other names",
        "log_level": "warning",
        "wanted": ("another.svc",),
        "found": (tls.NAME, "localhost", "127.0.0.1"),
    }
    assert logs == [told | {"leader": "nobody"}]


def test_each_certificate_of_other_names_is_told_and_one_of_the_wanted_ends_it(api: FakeApi) -> None:
    async def serve(one: ManagedCertificate, pair: tls.Made) -> None:
        holds(api, pair)
        await one.secret_watcher.look()
        (await one.secret_watcher.wait_until_available()).poll_once()
        await one.secret_watcher.look()

    async def story(server: ApiServer) -> None:
        one = managed(server, names=("a.svc", "b.svc"))
        for names in (("a.svc",), ("c.svc",), ("a.svc", "b.svc"), ("c.svc",)):
            await serve(one, tls.leaf(CA, *names))

    with structlog.testing.capture_logs() as logs:
        run(api, story)
    assert [line["found"] for line in logs] == [("a.svc",), ("c.svc",), ("c.svc",)]


def test_clients_are_verified_against_a_file_beside_a_managed_pair(api: FakeApi, tmp_path: Path) -> None:
    files = PairFiles(cert="", key="", client_ca=str(tmp_path / "client-ca.crt"))
    holds(api, FIRST)

    async def story(server: ApiServer) -> None:
        one = managed(server, files=files)
        assert await one.secret_watcher.look() < 1
        assert "client-ca.crt" in (await one.check() or "")
        (tmp_path / "client-ca.crt").write_bytes(CA.cert_pem)
        await one.secret_watcher.look()
        source = await one.secret_watcher.wait_until_available()
        (tmp_path / "client-ca.crt").write_bytes(b"garbage")
        assert not source.poll_once()
        assert isinstance(source.last_error, PairError)

    with structlog.testing.capture_logs():
        run(api, story)


@pytest.mark.parametrize("names", [(), ("no name",), ("a..b",)])
def test_names_that_no_certificate_can_carry_are_refused_at_once(api: FakeApi, names: tuple[str, ...]) -> None:
    async def story(server: ApiServer) -> None:
        managed(server, names=names)

    with pytest.raises(UsageError):
        run(api, story)
