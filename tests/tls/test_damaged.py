"""Certificates whose bytes were damaged before they were written as PEM: each reader takes them or tells, and none crashes."""

import contextlib
import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook.tls.clients import client_cas_from
from webhook.tls.inspect import describe
from webhook.tls.pair import PairFiles, pair_from
from webhook.tls.pem import certificates
from webhook.tls.problems import Fault, PairError

from .builders import NOW, ca, leaf

CA = ca()
LEAF = leaf(CA)

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


@st.composite
def damaged(draw: st.DrawFn, der: bytes) -> bytes:
    """A certificate in PEM, with one to three of its bytes changed."""
    changed = bytearray(der)
    for _ in range(draw(st.integers(1, 3))):
        changed[draw(st.integers(0, len(der) - 1))] = draw(st.integers(0, 255))
    return ssl.DER_cert_to_PEM_cert(bytes(changed)).encode()


@settings(max_examples=300)
@given(cert=damaged(LEAF.der))
def test_a_damaged_certificate_is_refused_or_served(cert: bytes) -> None:
    with contextlib.suppress(PairError):
        pair = pair_from(cert, LEAF.key_pem, PairFiles(cert="tls.crt", key="tls.key"), at=NOW)
        assert pair.chain[0].public_key() == LEAF.key.public_key()


@settings(max_examples=300)
@given(cert=damaged(CA.der))
def test_a_damaged_ca_is_refused_or_asked_of_clients(cert: bytes) -> None:
    with contextlib.suppress(PairError):
        assert "BEGIN CERTIFICATE" in client_cas_from(cert, file="ca.crt", at=NOW).pem


@settings(max_examples=300)
@given(cert=damaged(LEAF.der))
def test_what_can_be_parsed_can_be_described(cert: bytes) -> None:
    with contextlib.suppress(PairError):
        [certificate] = certificates(cert, "tls.crt")
        told = describe(certificate, NOW)
        assert all(text.isprintable() for text in (told.subject, told.issuer, *told.names))


@pytest.mark.parametrize(
    ("found", "changed"),
    [(bytes.fromhex("a003020102"), bytes.fromhex("a003020119")), (b"\x0c\x04a CA", b"\x0c\x04a\xffCA")],
    ids=["a version that X.509 has not", "a name that is no UTF-8"],
)
def test_what_is_parsed_late_is_refused_when_it_is_read(found: bytes, changed: bytes) -> None:
    assert found in CA.der, "the certificate of this test is made otherwise now"
    with pytest.raises(PairError, match=r"certificate 1 of the file cannot be parsed") as caught:
        certificates(ssl.DER_cert_to_PEM_cert(CA.der.replace(found, changed)).encode(), "ca.crt")
    assert caught.value.problems[0].fault is Fault.MALFORMED
