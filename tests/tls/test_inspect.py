import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from webhook.tls.inspect import describe
from webhook.tls.pem import PrivateKey

from .builders import DAY, NOW, ca, made, rsa_key

CA = ca()
KEYS = {"ECDSA P-384": ec.generate_private_key(ec.SECP384R1()), "RSA 2048": rsa_key(), "Ed25519": ed25519.Ed25519PrivateKey.generate()}


@pytest.mark.parametrize(("words", "key"), KEYS.items())
def test_the_key_is_told_by_kind_and_size(words: str, key: PrivateKey) -> None:
    assert describe(made(CA, key=key).certificate, NOW).key == words


@pytest.mark.parametrize(("after", "left"), [(0.0, 10), (0.1, 9), (9.9, 0), (10.1, -1), (12.0, -2)])
def test_days_left_are_whole_days(after: float, left: int) -> None:
    assert describe(made(CA, end=NOW + 10 * DAY).certificate, NOW + after * DAY).days_left == left


def test_subject_issuer_and_kind_are_told() -> None:
    leaf, root = describe(made(CA, name="a.svc").certificate, NOW), describe(CA.certificate, NOW)
    assert (leaf.subject, leaf.issuer, leaf.names, leaf.is_ca) == ("CN=a.svc", "CN=a CA", ("a.svc",), False)
    assert (root.subject, root.issuer, root.names, root.is_ca) == ("CN=a CA", "CN=a CA", (), True)
