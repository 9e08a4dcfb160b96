"""The fields of a certificate as plain values, for people and programs."""

import math
from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from webhook.tls.checks import is_ca, moment
from webhook.tls.names import names_in, printable, shown

_DAY_SECONDS = 86400
_NIST_NAMES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


class Description(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One certificate.

    Attributes:
        subject: Distinguished name of the subject.
        issuer: Distinguished name of the issuer.
        names: DNS names and IP addresses of its subject alternative names.
        not_before: Start of its validity, RFC 3339.
        not_after: End of its validity, RFC 3339.
        days_left: Whole days until it expires; negative when it has expired.
        key: Kind and size of its key.
        is_ca: Whether it may sign others.
        serial: Serial number, hexadecimal.
        fingerprint: SHA-256 of the whole certificate, hexadecimal with colons.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: str
    not_after: str
    days_left: int
    key: str
    is_ca: bool
    serial: str
    fingerprint: str


def describe(certificate: x509.Certificate, at: datetime) -> Description:
    """The description of a certificate; `days_left` counts from `at`, which is timezone-aware."""
    return Description(
        subject=shown(certificate.subject),
        issuer=shown(certificate.issuer),
        names=tuple(map(printable, names_in(certificate))),
        not_before=moment(certificate.not_valid_before_utc),
        not_after=moment(certificate.not_valid_after_utc),
        days_left=days_left(certificate, at),
        key=_key(certificate),
        is_ca=is_ca(certificate),
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
    )


def days_left(certificate: x509.Certificate, at: datetime) -> int:
    """Whole days until a certificate expires, rounded down; negative when it has expired."""
    return math.floor((certificate.not_valid_after_utc - at).total_seconds() / _DAY_SECONDS)


def _key(certificate: x509.Certificate) -> str:
    public = certificate.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        return f"ECDSA {_NIST_NAMES.get(public.curve.name, public.curve.name)}"
    if isinstance(public, rsa.RSAPublicKey):
        return f"RSA {public.key_size}"
    return "Ed25519" if isinstance(public, ed25519.Ed25519PublicKey) else type(public).__name__
