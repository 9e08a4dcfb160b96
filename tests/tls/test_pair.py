import contextlib
import itertools
import os
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from webhook.tls.files import MAX_BYTES, read_steady
from webhook.tls.pair import Pair, PairFiles, pair_from
from webhook.tls.pem import PrivateKey
from webhook.tls.problems import Fault, PairError

from .builders import DAY, NAME, NOW, Clock, SecretMount, ca, files_in, leaf, made, rsa_key

CA = ca()
LEAF = leaf(CA)
OTHER = leaf(CA)


def load(files: PairFiles, at: Clock | None = None) -> Pair:
    cert, key = read_steady([files.cert, files.key])
    return pair_from(cert, key, files, at=(at or Clock())())


def refused(files: PairFiles, at: Clock | None = None) -> PairError:
    with pytest.raises(PairError) as caught:
        load(files, at)
    return caught.value


def assert_refused(files: PairFiles, fault: Fault, file: str, *words: str, at: Clock | None = None) -> None:
    """Refused for one reason, which names the file and says these words."""
    error = refused(files, at)
    assert [(problem.fault, Path(problem.file).name) for problem in error.problems] == [(fault, file)]
    assert all(word in str(error) for word in words), str(error)


def test_a_good_pair_is_loaded_with_its_chain_and_expiry(tmp_path: Path) -> None:
    pair = load(files_in(tmp_path, LEAF, CA, names=[NAME, "127.0.0.1"]))
    assert pair.leaf == LEAF.der
    assert pair.chain == (LEAF.certificate, CA.certificate)
    assert pair.expires_at == (NOW + 90 * DAY).timestamp()


def test_a_chain_expires_when_its_first_certificate_does(tmp_path: Path) -> None:
    intermediate = made(CA, name="intermediate", is_ca=True, end=NOW + 5 * DAY)
    assert load(files_in(tmp_path, made(intermediate), intermediate)).expires_at == (NOW + 5 * DAY).timestamp()


@pytest.mark.parametrize(
    "key",
    [rsa_key(), ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1()), ed25519.Ed25519PrivateKey.generate()],
    ids=["rsa", "p384", "p521", "ed25519"],
)
def test_each_kind_of_key_that_tls_clients_take_is_taken(tmp_path: Path, key: PrivateKey) -> None:
    assert load(files_in(tmp_path, made(CA, key=key))).key.public_key() == key.public_key()


@pytest.mark.parametrize("key", [rsa_key(1024), ec.generate_private_key(ec.SECP256K1())], ids=["rsa-1024", "secp256k1"])
def test_a_key_that_tls_clients_refuse_is_refused(tmp_path: Path, key: PrivateKey) -> None:
    assert_refused(files_in(tmp_path, made(CA, key=key)), Fault.UNFIT, "tls.crt", "use ECDSA P-256")


def test_a_dsa_key_is_refused(tmp_path: Path) -> None:
    files = files_in(tmp_path, LEAF)
    key = dsa.generate_private_key(2048)
    Path(files.key).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert_refused(files, Fault.UNFIT, "tls.key", "DSA", "use ECDSA P-256")


def test_openssl_keys_with_parameters_before_them_are_read(tmp_path: Path) -> None:
    files = files_in(tmp_path, LEAF)
    key = LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    Path(files.key).write_bytes(b"made by openssl\n" + parameters + key)
    assert load(files).leaf == LEAF.der


def test_a_key_of_another_certificate_is_a_mismatch(tmp_path: Path) -> None:
    files = files_in(tmp_path, LEAF)
    Path(files.key).write_bytes(OTHER.key_pem)
    assert_refused(files, Fault.MISMATCH, "tls.key", "does not belong", NAME, "tls.crt", "replace both")


def test_a_chain_in_the_wrong_order_tells_whose_key_it_is_and_what_comes_first(tmp_path: Path) -> None:
    files = files_in(tmp_path, LEAF, CA)
    Path(files.cert).write_bytes(CA.cert_pem + LEAF.cert_pem)
    error = refused(files)
    assert error.fault is Fault.BROKEN_CHAIN
    assert "the key belongs to certificate 2" in str(error)
    assert "did not issue certificate 1" in str(error)


def test_a_chain_with_a_stranger_in_it_is_broken(tmp_path: Path) -> None:
    assert_refused(files_in(tmp_path, LEAF, ca("a stranger")), Fault.BROKEN_CHAIN, "tls.crt", "CN=a stranger", "did not issue")


def test_a_leaf_that_signed_another_leaf_is_no_issuer(tmp_path: Path) -> None:
    forger = made(CA)
    assert_refused(files_in(tmp_path, made(forger), forger), Fault.BROKEN_CHAIN, "tls.crt", "is no CA")


def test_a_bundle_mounted_as_a_chain_is_refused(tmp_path: Path) -> None:
    assert_refused(files_in(tmp_path, LEAF, *[CA] * 10), Fault.BROKEN_CHAIN, "tls.crt", "11 certificates")


@pytest.mark.parametrize(("days", "fault", "words"), [(91, Fault.EXPIRED, "expired on"), (-1, Fault.NOT_YET_VALID, "is not valid before")])
def test_a_pair_outside_its_time_is_refused_with_the_date(tmp_path: Path, days: int, fault: Fault, words: str) -> None:
    assert_refused(files_in(tmp_path, LEAF), fault, "tls.crt", words, "Z;", at=Clock(NOW + days * DAY))


def test_a_pair_made_now_is_valid_for_a_clock_that_is_five_minutes_behind(tmp_path: Path) -> None:
    assert load(files_in(tmp_path, LEAF), Clock(NOW - timedelta(minutes=5))).leaf == LEAF.der


def test_an_expired_intermediate_is_refused_though_the_leaf_is_valid(tmp_path: Path) -> None:
    intermediate = made(CA, name="intermediate", is_ca=True, end=NOW - timedelta(hours=1))
    assert_refused(files_in(tmp_path, made(intermediate), intermediate), Fault.EXPIRED, "tls.crt", "certificate 2 (CN=intermediate)")


def test_a_certificate_for_another_name_tells_both(tmp_path: Path) -> None:
    files = files_in(tmp_path, LEAF, names=[NAME, "other.svc", "10.0.0.7"])
    assert_refused(files, Fault.WRONG_NAME, "tls.crt", "is not for other.svc, 10.0.0.7", NAME)


def test_a_common_name_alone_is_no_name(tmp_path: Path) -> None:
    assert_refused(files_in(tmp_path, made(CA, san=False)), Fault.WRONG_NAME, "tls.crt", "the common name does not count")


def test_a_client_certificate_may_not_serve(tmp_path: Path) -> None:
    only_client = made(CA, purposes=[ExtendedKeyUsageOID.CLIENT_AUTH])
    assert_refused(files_in(tmp_path, only_client), Fault.UNFIT, "tls.crt", "serverAuth")


def test_an_intermediate_that_tls_clients_refuse_is_refused(tmp_path: Path) -> None:
    weak = made(CA, name="weak", key=rsa_key(1024), is_ca=True)
    assert_refused(files_in(tmp_path, made(weak), weak), Fault.UNFIT, "tls.crt", "certificate 2 has an RSA key of 1024 bits")


def test_a_signature_with_sha_1_is_refused(tmp_path: Path) -> None:
    files = files_in(tmp_path, LEAF)
    (tmp_path / "ca.crt").write_bytes(CA.cert_pem)
    (tmp_path / "ca.key").write_bytes(CA.key_pem)
    request = ["openssl", "req", "-x509", "-sha1", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9"]
    named = ["-subj", "/CN=old", "-addext", "subjectAltName=DNS:old", "-CA", "ca.crt", "-CAkey", "ca.key"]
    subprocess.run([*request, *named, "-out", files.cert, "-keyout", files.key], cwd=tmp_path, check=True, capture_output=True)
    assert_refused(files, Fault.UNFIT, "tls.crt", "signed with sha1", "SHA-256", at=Clock(NOW + DAY))


def test_a_damaged_rsa_key_is_refused_though_its_public_half_is_right(tmp_path: Path) -> None:
    whole = rsa_key()
    files = files_in(tmp_path, made(CA, key=whole))
    right = whole.private_numbers()
    wrong = RSAPrivateNumbers(
        p=right.p, q=right.q, d=right.d ^ 4, dmp1=right.dmp1 ^ 4, dmq1=right.dmq1, iqmp=right.iqmp, public_numbers=right.public_numbers
    ).private_key(unsafe_skip_rsa_key_validation=True)
    Path(files.key).write_bytes(wrong.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert_refused(files, Fault.MISMATCH, "tls.key", "is damaged")


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    files = files_in(tmp_path, LEAF, names=["other.svc"])
    Path(files.key).write_bytes(OTHER.key_pem)
    error = refused(files, Clock(NOW + 200 * DAY))
    assert [problem.fault for problem in error.problems] == [Fault.MISMATCH, Fault.EXPIRED, Fault.WRONG_NAME]


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


UNUSABLE: dict[str, tuple[Callable[[bytes], bytes], Fault, str]] = {
    "cut off": (_cut, Fault.MALFORMED, "cut off"),
    "cut off behind a whole block": (lambda data: data + _cut(data), Fault.MALFORMED, "cut off"),
    "without its beginning": (lambda data: data[len(data) // 2 :], Fault.MALFORMED, "cut off"),
    "empty": (lambda _: b"", Fault.UNREADABLE, "is empty"),
    "no PEM": (lambda _: b"\x30\x82\x00\x00", Fault.MALFORMED, "no PEM at all"),
    "huge": (lambda data: data + b"\n" * MAX_BYTES, Fault.UNREADABLE, "more than"),
    "of bad base64": (lambda data: data.replace(b"M", b"!"), Fault.MALFORMED, "cannot be parsed"),
    "of borders only": (lambda data: data[:28] * 30_000, Fault.MALFORMED, "cut off"),
}


@pytest.mark.parametrize("file", ["tls.crt", "tls.key"])
@pytest.mark.parametrize("case", UNUSABLE)
def test_a_file_that_is_not_whole_is_refused_by_its_name(tmp_path: Path, case: str, file: str) -> None:
    spoil, fault, words = UNUSABLE[case]
    files = files_in(tmp_path, LEAF)
    path = tmp_path / file
    path.write_bytes(spoil(path.read_bytes()))
    assert_refused(files, fault, file, words)


def test_files_that_were_exchanged_tell_what_they_hold(tmp_path: Path) -> None:
    files = files_in(tmp_path, LEAF)
    assert_refused(PairFiles(cert=files.key, key=files.cert), Fault.MALFORMED, "tls.key", "holds no PEM certificate", "found PRIVATE KEY")


def test_two_keys_in_one_file_are_refused(tmp_path: Path) -> None:
    files = files_in(tmp_path, LEAF)
    Path(files.key).write_bytes(LEAF.key_pem + OTHER.key_pem)
    assert_refused(files, Fault.MALFORMED, "tls.key", "holds 2 PEM private keys")


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(tmp_path: Path, form: PrivateFormat) -> None:
    files = files_in(tmp_path, LEAF)
    Path(files.key).write_bytes(LEAF.key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"secret")))
    assert_refused(files, Fault.MALFORMED, "tls.key", "passphrase")


def _directory(path: Path) -> None:
    path.mkdir()


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _nothing(_path: Path) -> None:
    return


@pytest.mark.parametrize(
    ("make", "words"),
    [(_directory, "is a directory"), (_fifo, "named pipe"), (_loop, "symbolic links"), (_nothing, "No such file")],
)
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    files = files_in(tmp_path, LEAF)
    Path(files.key).unlink()
    make(Path(files.key))
    assert_refused(files, Fault.UNREADABLE, "tls.key", words)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    files = files_in(tmp_path, LEAF)
    Path(files.key).chmod(0)
    assert_refused(files, Fault.UNREADABLE, "tls.key", "Permission denied")


def test_no_key_is_in_what_a_log_may_show(tmp_path: Path) -> None:
    pair = load(files_in(tmp_path, LEAF))
    assert [name for name in ("chain", "key", "cert_file") if f"{name}=" in repr(pair)] == ["chain", "cert_file"]
    assert LEAF.key_pem in pair.pem()


def test_control_characters_of_a_certificate_do_not_reach_the_terminal(tmp_path: Path) -> None:
    error = refused(files_in(tmp_path, made(CA), ca("evil\x1b[2J\nca")))
    assert "\\x1b" in str(error)
    assert str(error).isprintable()


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@given(data=st.data())
def test_damaged_bytes_are_refused_or_served_never_a_crash(data: st.DataObject) -> None:
    cert, key = bytearray(LEAF.cert_pem), bytearray(LEAF.key_pem)
    for text in (cert, key):
        for _ in range(data.draw(st.integers(0, 3))):
            text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PairError):
        pair = pair_from(bytes(cert), bytes(key), PairFiles(cert="tls.crt", key="tls.key"), at=NOW)
        assert pair.chain[0].public_key() == LEAF.key.public_key()


def test_a_secret_mount_that_is_swapped_while_it_is_read_never_gives_half_of_each(tmp_path: Path) -> None:
    mount = SecretMount(tmp_path, LEAF)
    over = threading.Event()

    def swap_on_and_on() -> None:
        for pair in itertools.cycle([OTHER, LEAF]):
            mount.swap(pair)
            if over.wait(0.004):
                return

    with ThreadPoolExecutor() as pool:
        swapping = pool.submit(swap_on_and_on)
        try:
            leaves = {load(mount.files).leaf for _ in range(300)}
        finally:
            over.set()
        swapping.result()
    assert leaves == {LEAF.der, OTHER.der}
