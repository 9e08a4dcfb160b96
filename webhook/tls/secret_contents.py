"""The parts of a Secret with CA and pair that can be used now; anything else in it is ignored."""

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
"""The keys of the Secret's data: the leaf, its key, all trusted CAs, and the key of the signing CA."""

MAX_CAS = 8
"""The most CAs that are written into one bundle; a rotation needs two."""

_MAX_READ = 100


@dataclass(frozen=True, kw_only=True)
class SecretContents:
    """What can be used of a Secret.

    Attributes:
        trusted: The CAs that are valid now, each once.
        signer: The one of them whose key is in the Secret.
        leaf: The leaf, if it and its key can be served now.
        issuer: The trusted CA that signed the leaf.
        expired: Whether the leaf cannot be served only because it has expired.
    """

    trusted: tuple[x509.Certificate, ...]
    signer: Issued | None
    leaf: x509.Certificate | None
    issuer: x509.Certificate | None
    expired: bool


def usable_contents(data: Mapping[str, bytes], at: datetime) -> SecretContents:
    """What can be used of a Secret's data at a time, which is timezone-aware. Never raises for what the data is."""
    trusted = cas_in(data.get(CA, b""), at)
    signer = _signer(data.get(CA_KEY, b""), trusted)
    leaf, fault = _leaf(data, at)
    candidates = trusted if signer is None else (signer.certificate, *trusted)
    issuer = next((ca for ca in candidates if leaf is not None and is_issued_by(leaf, ca)), None)
    return SecretContents(trusted=trusted, signer=signer, leaf=leaf, issuer=issuer, expired=fault is Fault.EXPIRED)


def cas_in(data: bytes, at: datetime) -> tuple[x509.Certificate, ...]:
    """The CAs of a PEM text that are valid at this time, each once, in its order; unreadable certificates are skipped."""
    try:
        found = [block for block in blocks(data, CA) if block.label == CERTIFICATE]
    except PairError:
        return ()
    read = (each for block in found[:_MAX_READ] for each in _parsed(block.text))
    return tuple(dict.fromkeys(each for each in read if is_ca(each) and each.not_valid_before_utc <= at <= each.not_valid_after_utc))


def pem_of(cas: Iterable[x509.Certificate]) -> bytes:
    """Certificates as one PEM text. The same certificates give the same bytes, so that bundles can be compared."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in cas)


def _parsed(text: bytes) -> Sequence[x509.Certificate]:
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
    """The leaf if it can be served, whatever its names are, and otherwise why not."""
    try:
        pair = pair_from(data.get(CERT, b""), data.get(KEY, b""), PairFiles(cert=CERT, key=KEY), at=at)
    except PairError as error:
        return None, error.fault
    return pair.chain[0], None
