"""What a Secret with a CA and a pair really holds, whatever is in it: what can be used of it now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from webhook.tls.checks import can_sign, is_ca, is_issued_by
from webhook.tls.pair import PairFiles, pair_from
from webhook.tls.pem import CERTIFICATE, blocks, certificates, private_key
from webhook.tls.problems import Fault, PairError
from webhook.tls.selfsigned import Issued

CERT, KEY, CA, CA_KEY = "tls.crt", "tls.key", "ca.crt", "ca.key"
"""The Secret's keys: the leaf and its key, all trusted CAs, and the key of the one that signs."""

MAX_CAS = 8
"""More in one bundle are not made, and no rotation leaves more than two."""

_MAX_READ = 100


@dataclass(frozen=True, kw_only=True)
class SecretContents:
    """What can be used.

    Attributes:
        trusted: CAs that are valid now, each once.
        signer: The one of them whose key is there.
        leaf: A leaf that can be served now, with its key.
        issuer: The trusted CA that signed it.
        expired: Whether there is a leaf that could be served if it had not expired.
    """

    trusted: tuple[x509.Certificate, ...]
    signer: Issued | None
    leaf: x509.Certificate | None
    issuer: x509.Certificate | None
    expired: bool


def held_in(data: Mapping[str, bytes], at: datetime) -> SecretContents:
    """What of a Secret's data can be used at this moment."""
    trusted = cas_in(data.get(CA, b""), at)
    signer = _signer(data.get(CA_KEY, b""), trusted)
    leaf, fault = _leaf(data, at)
    candidates = trusted if signer is None else (signer.certificate, *trusted)
    issuer = next((ca for ca in candidates if leaf is not None and is_issued_by(leaf, ca)), None)
    return SecretContents(trusted=trusted, signer=signer, leaf=leaf, issuer=issuer, expired=fault is Fault.EXPIRED)


def cas_in(data: bytes, at: datetime) -> tuple[x509.Certificate, ...]:
    """The CAs of a PEM text that are valid at this moment, each once, in its order; what cannot be read is left out."""
    try:
        found = [block for block in blocks(data, CA) if block.label == CERTIFICATE]
    except PairError:
        return ()
    read = (each for block in found[:_MAX_READ] for each in _readable(block.text))
    return tuple(dict.fromkeys(each for each in read if is_ca(each) and each.not_valid_before_utc <= at <= each.not_valid_after_utc))


def pem_of(cas: Iterable[x509.Certificate]) -> bytes:
    """Certificates as one PEM text: always the same bytes for the same certificates, so that bundles can be compared."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in cas)


def _readable(text: bytes) -> Sequence[x509.Certificate]:
    try:
        return certificates(text, CA)
    except PairError:
        return ()


def _signer(key_pem: bytes, trusted: Sequence[x509.Certificate]) -> Issued | None:
    try:
        key = private_key(key_pem, CA_KEY)
    except PairError:
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not can_sign(key):
        return None
    return next((Issued(each, key) for each in trusted if each.public_key() == key.public_key()), None)


def _leaf(data: Mapping[str, bytes], at: datetime) -> tuple[x509.Certificate | None, Fault | None]:
    """Any names will do: whether they are those that are wanted is another question than whether it can be served."""
    try:
        pair = pair_from(data.get(CERT, b""), data.get(KEY, b""), PairFiles(cert=CERT, key=KEY), at=at)
    except PairError as error:
        return None, error.fault
    return pair.chain[0], None
