import base64
import stat
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store

from webhook.errors import UsageError
from webhook.tls.names import names_for_service
from webhook.tls.pair import PairFiles, pair_from
from webhook.tls.provider import CertificateProvider
from webhook.tls.selfsigned import Issued, make_ca, make_leaf
from webhook.tls.store import ca_bundle, write_pair

from .builders import DAY, NOW, Made
from .wire import Seen, ask, client, listening, run

CA = make_ca(now=NOW, days=730)
LEAF = make_leaf(CA, ["bindguard.bindguard.svc", "10.0.0.7", "::1"], now=NOW, days=90)


NAMES = (x509.DNSName("bindguard.bindguard.svc"), x509.IPAddress(ip_address("10.0.0.7")), x509.IPAddress(ip_address("::1")))


def test_a_strict_verifier_accepts_the_leaf_for_each_of_its_names() -> None:
    policy = PolicyBuilder().store(Store([CA.certificate])).time(NOW)
    for name in NAMES:
        assert policy.build_server_verifier(name).verify(LEAF.certificate, []) == [LEAF.certificate, CA.certificate]


def test_keys_are_ecdsa_p_256_and_never_the_same() -> None:
    keys = [CA.key, LEAF.key, make_leaf(CA, ["a"], now=NOW, days=1).key]
    assert {key.curve.name for key in keys} == {"secp256r1"}
    assert len({key.private_numbers() for key in keys}) == 3


def test_validity_begins_five_minutes_ago_and_lasts_the_days_asked_for() -> None:
    assert LEAF.certificate.not_valid_before_utc == NOW - timedelta(minutes=5)
    assert LEAF.certificate.not_valid_after_utc == NOW + 90 * DAY


def test_a_leaf_never_outlives_its_ca() -> None:
    short = make_ca(now=NOW, days=10)
    assert make_leaf(short, ["a"], now=NOW, days=90).certificate.not_valid_after_utc == NOW + 10 * DAY


def test_a_ca_signs_leaves_only_and_a_leaf_signs_nothing() -> None:
    ca, leaf = (each.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value for each in (CA, LEAF))
    assert (ca.ca, ca.path_length, leaf.ca) == (True, 0, False)


def test_the_names_of_a_service_begin_with_the_one_the_api_server_asks_for() -> None:
    assert names_for_service("guard", "net") == ("guard.net.svc", "guard.net.svc.cluster.local", "guard.net", "guard")


@pytest.mark.parametrize("name", ["", "a b", "a/b", "-a", "a..b", "a" * 64, "ä.svc", "a\n", "*.*.svc", "1.2.3.4/8", "x." * 130 + "svc"])
def test_a_name_that_no_certificate_can_carry_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError, match="is no DNS name and no IP address"):
        make_leaf(CA, ["fine.svc", name], now=NOW, days=1)


def test_no_name_and_no_time_are_usage_errors() -> None:
    with pytest.raises(UsageError, match="at least one"):
        make_leaf(CA, [], now=NOW, days=1)
    for days in (0, -1, 10**9):
        with pytest.raises(UsageError, match="1 to 36500"):
            make_ca(now=NOW, days=days)


def test_a_written_pair_can_be_served_and_a_client_with_the_ca_trusts_it(tmp_path: Path) -> None:
    leaf = make_leaf(CA, ["localhost"], now=NOW, days=1)
    paths = write_pair(tmp_path / "certs", CA, leaf)
    source = CertificateProvider(PairFiles(cert=str(paths.cert), key=str(paths.key), names=["localhost"]))

    async def main() -> Seen:
        async with listening(source) as port:
            return await ask(port, client(Made(CA.certificate, CA.key)))

    assert run(main()).leaf == source.pair.leaf


def test_only_the_owner_may_read_the_key_and_the_key_of_the_ca_is_nowhere(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "certs"
    paths = write_pair(directory, CA, LEAF)
    assert _mode(directory) == 0o700
    assert [_mode(path) for path in (paths.key, paths.cert, paths.ca)] == [0o600, 0o644, 0o644]
    assert sorted(path.name for path in directory.iterdir()) == ["ca.crt", "tls.crt", "tls.key"]
    assert CA.key_pem() not in [path.read_bytes() for path in directory.iterdir()]


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("there", ["ca.crt", "tls.crt", "tls.key"])
def test_nothing_is_overwritten_unless_forced(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    with pytest.raises(UsageError, match=f"{there}: there already; --force"):
        write_pair(tmp_path, CA, LEAF)
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"
    paths = write_pair(tmp_path, CA, LEAF, force=True)
    files = PairFiles(cert=str(paths.cert), key=str(paths.key))
    assert pair_from(paths.cert.read_bytes(), paths.key.read_bytes(), files, at=NOW).chain == (LEAF.certificate,)


def test_a_directory_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write_pair(tmp_path / "file" / "certs", CA, LEAF)


def test_the_ca_bundle_is_base64_of_the_pem_text() -> None:
    decoded = x509.load_pem_x509_certificate(base64.b64decode(ca_bundle(CA), validate=True))
    assert decoded == CA.certificate


def test_keys_are_not_in_what_a_log_may_show() -> None:
    key = load_pem_private_key(LEAF.key_pem(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert "key" not in repr(Issued(CA.certificate, key)).replace("<Certificate", "")
