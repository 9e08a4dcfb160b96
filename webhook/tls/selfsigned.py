"""Create a CA and a leaf, for one machine or for a cluster without cert-manager."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from webhook.errors import UsageError
from webhook.tls.names import address_in, is_name, printable

CA_NAME = "bindguard CA"
MAX_DAYS = 36500
_CLOCK_SKEW = timedelta(minutes=5)
_MAX_COMMON_NAME_LENGTH = 64  # X.520 ub-common-name


@dataclass(frozen=True)
class Issued:
    """A certificate with its private key, ECDSA P-256."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def certificate_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self) -> bytes:
        """The private key as PEM (PKCS #8), without a passphrase."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_ca(*, now: datetime, days: int, name: str = CA_NAME) -> Issued:
    """A self-signed CA, which can sign leaves but no other CA.

    Args:
        now: The time, timezone-aware; the CA is valid from five minutes before, for clocks that differ.
        days: For how long it is valid, 1 to `MAX_DAYS`.
        name: Its common name.

    Raises:
        UsageError: The number of days is out of range.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(name)
    builder = _builder(subject, key, now, now + _validity(days)).issuer_name(subject)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
    builder = builder.add_extension(_authority_key(key), critical=False)
    return Issued(builder.sign(key, hashes.SHA256()), key)


def make_leaf(ca: Issued, names: Sequence[str], *, now: datetime, days: int) -> Issued:
    """A server certificate, signed by the CA.

    Args:
        ca: The CA.
        names: DNS names and IP addresses; the first is also the common name.
        now: The time, timezone-aware; the leaf is valid from five minutes before, for clocks that differ.
        days: For how long it is valid, 1 to `MAX_DAYS`; it expires with the CA at the latest.

    Raises:
        UsageError: There is no name, a certificate cannot have one of them, or the number of days is out of range.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(now + _validity(days), ca.certificate.not_valid_after_utc)
    alternatives = x509.SubjectAlternativeName([_general_name(name) for name in checked_names(names)])
    builder = _builder(_subject(names[0]), key, now, end).issuer_name(ca.certificate.subject)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(alternatives, critical=False)
    builder = builder.add_extension(_authority_key(ca.key), critical=False)
    return Issued(builder.sign(ca.key, hashes.SHA256()), key)


def _builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, end: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _validity(days: int) -> timedelta:
    if not 1 <= days <= MAX_DAYS:
        raise UsageError(f"a certificate for {days} days cannot be made; write 1 to {MAX_DAYS}")
    return timedelta(days=days)


def checked_names(names: Sequence[str]) -> Sequence[str]:
    """The names, each once; `UsageError` when there is none, or one that a certificate cannot have."""
    if not names:
        raise UsageError("a certificate needs at least one DNS name or IP address")
    for name in names:
        if not is_name(name):
            raise UsageError(f'"{printable(name)}" is no DNS name and no IP address; write one like bindguard.bindguard.svc or 10.0.0.7')
    return tuple(dict.fromkeys(names))


def _general_name(name: str) -> x509.GeneralName:
    address = address_in(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_MAX_COMMON_NAME_LENGTH])])


def _authority_key(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
