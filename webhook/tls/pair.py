"""A certificate chain and its private key that belong together."""

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from webhook.tls.checks import Candidate, problems_of, validity
from webhook.tls.pem import PrivateKey, certificates, private_key
from webhook.tls.problems import PairError

Clock = Callable[[], datetime]
"""Tells the time, with its time zone."""


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class PairFiles:
    """Where a pair is, and what it must be for.

    Attributes:
        cert: File of the certificate chain, PEM, leaf first.
        key: File of the leaf's private key, PEM, without a passphrase.
        client_ca: File of the CAs that must have signed client certificates; `None`: clients show none.
        names: DNS names and IP addresses that the leaf must all be for.
        minimum: The lowest TLS version to speak.
    """

    cert: str
    key: str
    client_ca: str | None = None
    names: Sequence[str] = ()
    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2


@dataclass(frozen=True, kw_only=True)  # and no msgspec.Struct: the key must not be in the repr, which a log may show
class Pair:
    """A pair that passed every check when it was built.

    Attributes:
        chain: The leaf, then its issuers.
        key: The leaf's private key.
        cert_file: Where the chain was read, as messages name it.
    """

    chain: tuple[x509.Certificate, ...]
    key: PrivateKey = field(repr=False)
    cert_file: str

    @property
    def leaf(self) -> bytes:
        """The server's own certificate, DER, as a client gets it in the handshake."""
        return self.chain[0].public_bytes(Encoding.DER)

    @property
    def expires_at(self) -> float:
        """Unix seconds at which the first of the served chain, as a rule the leaf, ceases to be valid."""
        return min(each.not_valid_after_utc for each in self.chain).timestamp()

    def pem(self) -> bytes:
        """Chain and key as one PEM text, written from what was checked, so that OpenSSL cannot read the files otherwise than we did."""
        return self.chain_pem() + self.key_pem()

    def chain_pem(self) -> bytes:
        """The chain as PEM."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in self.chain)

    def key_pem(self) -> bytes:
        """The private key as PEM (PKCS #8), without a passphrase."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def still_valid(self, at: datetime) -> None:
        """Nothing when the pair is valid at this moment; else `PairError`."""
        problems = [problem for each in self.chain for problem in validity(each, "the certificate in service", at, self.cert_file)]
        if problems:
            raise PairError(problems)


def pair_from(cert: bytes, key: bytes, files: PairFiles, *, at: datetime) -> Pair:
    """The pair in these bytes, which were read from these files; `PairError` tells all that is wrong at this moment."""
    chain, loaded = certificates(cert, files.cert), private_key(key, files.key)
    problems = problems_of(Candidate(chain=chain, key=loaded, names=files.names, at=at, cert_file=files.cert, key_file=files.key))
    if problems:
        raise PairError(problems)
    return Pair(chain=chain, key=loaded, cert_file=files.cert)
