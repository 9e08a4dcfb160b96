"""What a source counts and tells; no connection is made, but for the resumed one, which runs in memory."""

import ssl
from pathlib import Path

import pytest

from webhook.tls.pair import PairFiles
from webhook.tls.problems import Fault, PairError
from webhook.tls.provider import CertificateProvider

from .builders import DAY, NOW, Clock, ca, files_in, leaf, made, write
from .wire import client

CA = ca()
FIRST, SECOND = leaf(CA), leaf(CA)


def told(source: CertificateProvider) -> Fault | None:
    return source.last_error.fault if source.last_error is not None else None


def test_a_source_does_not_begin_with_a_bad_pair(tmp_path: Path) -> None:
    with pytest.raises(PairError):
        CertificateProvider(PairFiles(cert=str(tmp_path / "tls.crt"), key=str(tmp_path / "tls.key")))


def test_the_same_failure_counts_once_and_another_counts_again(tmp_path: Path) -> None:
    source = CertificateProvider(files_in(tmp_path, FIRST))
    (tmp_path / "tls.key").write_bytes(SECOND.key_pem)
    assert [source.poll_once() for _ in range(3)] == [False] * 3
    assert source.failures == 1
    (tmp_path / "tls.key").write_bytes(b"")
    source.poll_once()
    assert source.failures == 2


def test_a_failure_is_forgotten_when_the_files_are_again_what_is_served(tmp_path: Path) -> None:
    source = CertificateProvider(files_in(tmp_path, FIRST))
    (tmp_path / "tls.key").unlink()
    source.poll_once()
    assert told(source) is Fault.UNREADABLE
    write(tmp_path, FIRST)
    assert not source.poll_once()
    assert told(source) is None
    assert source.failures == 1


def test_a_pair_of_tomorrow_is_taken_tomorrow_though_no_file_changes(tmp_path: Path) -> None:
    clock = Clock()
    source = CertificateProvider(files_in(tmp_path, FIRST), now=clock)
    write(tmp_path, made(CA, start=NOW + DAY))
    assert not source.poll_once()
    clock.forward(days=1)
    assert source.poll_once()
    assert source.expires_at == (NOW + 90 * DAY).timestamp()


def test_a_pair_that_expires_in_service_is_told_and_serves_on(tmp_path: Path) -> None:
    clock = Clock()
    source = CertificateProvider(files_in(tmp_path, FIRST), now=clock)
    clock.forward(days=91)
    source.poll_once()
    assert told(source) is Fault.EXPIRED
    assert "the certificate in service expired on" in str(source.last_error)
    assert (source.pair.leaf, source.failures) == (FIRST.der, 1)


def test_a_client_ca_that_expires_in_service_is_told(tmp_path: Path) -> None:
    clock = Clock()
    source = CertificateProvider(files_in(tmp_path, FIRST, client_ca=ca("clients", days=10)), now=clock)
    clock.forward(days=11)
    source.poll_once()
    assert source.last_error is not None
    assert "the client CA CN=clients expired on" in str(source.last_error)


def test_a_pair_for_other_names_is_refused(tmp_path: Path) -> None:
    source = CertificateProvider(files_in(tmp_path, FIRST, names=["localhost"]))
    write(tmp_path, leaf(CA, "elsewhere.svc"))
    assert not source.poll_once()
    assert told(source) is Fault.WRONG_NAME


def test_no_key_stays_behind_and_no_descriptor(tmp_path: Path) -> None:
    source = CertificateProvider(files_in(tmp_path, FIRST))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for pair in [SECOND, FIRST] * 10:
        write(tmp_path, pair)
        assert source.poll_once()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tls.crt", "tls.key"]


def test_a_session_of_tls_1_2_is_not_resumed_past_a_replaced_client_ca(tmp_path: Path) -> None:
    before, after = ca("before"), ca("after")
    source = CertificateProvider(files_in(tmp_path, FIRST, client_ca=before))
    listener = source.context_for_listener()
    context = client(CA, shows=made(before), version=ssl.TLSVersion.TLSv1_2)
    first, other = _shaken_hands(listener, context), _shaken_hands(listener, context)
    assert _shaken_hands(listener, context, first.session).session_reused
    (tmp_path / "client-ca.crt").write_bytes(after.cert_pem)
    assert source.poll_once()
    with pytest.raises(ssl.SSLError, match="ALERT_ACCESS_DENIED"):
        _shaken_hands(listener, context, first.session)
    write(tmp_path, SECOND)
    assert source.poll_once(), "a renewed pair must not make the old sessions good again"
    with pytest.raises(ssl.SSLError, match="ALERT_ACCESS_DENIED"):
        _shaken_hands(listener, context, other.session)
    assert not _shaken_hands(listener, client(CA, shows=made(after), version=ssl.TLSVersion.TLSv1_2)).session_reused


def test_no_session_ticket_is_given_out(tmp_path: Path) -> None:
    listener = CertificateProvider(files_in(tmp_path, FIRST)).context_for_listener()
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        session = _shaken_hands(listener, client(CA, version=version)).session
        assert session is None or not session.has_ticket


def _shaken_hands(listener: ssl.SSLContext, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLObject:
    """The client's side of a handshake in memory; the server's side is kept alive, for OpenSSL forgets sessions that end without notice."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = context.wrap_bio(to_client, to_server, server_hostname="localhost", session=session)
    theirs = listener.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    while waiting:
        waiting = [side for side in waiting if not _is_done(side)]
    _KEPT.append(theirs)
    return ours


_KEPT: list[ssl.SSLObject] = []


def _is_done(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        if not side.server_side:
            raise  # what a client sees is what counts; the server's own error has sent an alert before
    return True
