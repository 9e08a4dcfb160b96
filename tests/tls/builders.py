"""Certificates of every kind, good and bad, and the directories they live in. Real keys, real signatures."""

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from webhook.tls.pair import PairFiles
from webhook.tls.pem import PrivateKey
from webhook.tls.selfsigned import Issued, make_ca, make_leaf

NAME = "bindguard.bindguard.svc"
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, days: float) -> None:
        self.at += timedelta(days=days)


@dataclass(frozen=True)
class Made:
    """A certificate and its key, of any kind."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def cert_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def ca(name: str = "a CA", *, days: int = 365) -> Made:
    issued = make_ca(now=NOW, days=days, name=name)
    return Made(issued.certificate, issued.key)


def leaf(of: Made, *names: str, days: int = 90) -> Made:
    """A leaf as Bindguard itself makes it."""
    assert isinstance(of.key, ec.EllipticCurvePrivateKey)
    issued = make_leaf(Issued(of.certificate, of.key), names or (NAME, "localhost", "127.0.0.1"), now=NOW, days=days)
    return Made(issued.certificate, issued.key)


def made(
    of: Made | None = None,
    *,
    name: str = NAME,
    key: PrivateKey | None = None,
    start: datetime = NOW - DAY,
    end: datetime = NOW + 90 * DAY,
    is_ca: bool = False,
    san: bool = True,
    purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
    uri: str | None = None,
) -> Made:
    """A certificate with every knob that a wrong one may have; self-signed without `of`."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        issuer_name=of.certificate.subject if of else subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=start,
        not_valid_after=end,
    ).add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    if purposes and not is_ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if san:
        names: list[x509.GeneralName] = [x509.DNSName(name)] if uri is None else [x509.UniformResourceIdentifier(uri)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signer = of.key if of else key
    return Made(builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()), key)


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def files_in(directory: Path, pair: Made, *issuers: Made, client_ca: Made | None = None, names: Sequence[str] = ()) -> PairFiles:
    """The pair in two files, the chain behind the leaf."""
    write(directory, pair, *issuers)
    if client_ca is not None:
        (directory / "client-ca.crt").write_bytes(client_ca.cert_pem)
    return PairFiles(
        cert=str(directory / "tls.crt"),
        key=str(directory / "tls.key"),
        client_ca=str(directory / "client-ca.crt") if client_ca is not None else None,
        names=names,
    )


def write(directory: Path, pair: Made, *issuers: Made) -> None:
    (directory / "tls.crt").write_bytes(b"".join(each.cert_pem for each in (pair, *issuers)))
    (directory / "tls.key").write_bytes(pair.key_pem)


class SecretMount:
    """A directory that changes as the kubelet's Secret mounts do: files are symlinks through `..data`, which is renamed at once."""

    def __init__(self, directory: Path, pair: Made) -> None:
        self._directory = directory
        self._versions = itertools.count()
        self.swap(pair)
        for name in ("tls.crt", "tls.key"):
            (directory / name).symlink_to(Path("..data", name))

    def swap(self, pair: Made) -> None:
        version = self._directory / f"..version-{next(self._versions)}"
        version.mkdir()
        write(version, pair)
        (self._directory / "..data_tmp").symlink_to(version.name)
        os.replace(self._directory / "..data_tmp", self._directory / "..data")  # noqa: PTH105 - what the kubelet calls

    @property
    def files(self) -> PairFiles:
        return PairFiles(cert=str(self._directory / "tls.crt"), key=str(self._directory / "tls.key"))
