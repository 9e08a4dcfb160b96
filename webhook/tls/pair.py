"""A certificate chain with its private key."""

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
"""Returns the current time; timezone-aware."""


def utc_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class PairFiles:
    """The files of a pair, and what a server needs of it.

    Attributes:
        cert: File of the certificate chain, PEM, leaf first.
        key: File of the leaf's private key, PEM, without a passphrase.
        client_ca: File of the CAs that sign client certificates; `None`: clients present none.
        names: DNS names and IP addresses that the leaf must all cover.
        minimum: The lowest TLS version.
    """

    cert: str
    key: str
    client_ca: str | None = None
    names: Sequence[str] = ()
    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2


@dataclass(frozen=True, kw_only=True)  # not a msgspec.Struct, whose repr would have the key: a log may contain it
class Pair:
    """A pair that passed all checks when it was created.

    Attributes:
        chain: The leaf, then its issuers.
        key: The leaf's private key.
        cert_file: The file of the chain, for messages.
    """

    chain: tuple[x509.Certificate, ...]
    key: PrivateKey = field(repr=False)
    cert_file: str

    @property
    def leaf(self) -> bytes:
        """The server's own certificate as DER, as in the handshake."""
        return self.chain[0].public_bytes(Encoding.DER)

    @property
    def expires_at(self) -> float:
        """Unix seconds at which the first certificate of the chain, usually the leaf, expires."""
        return min(each.not_valid_after_utc for each in self.chain).timestamp()

    def pem(self) -> bytes:
        """Chain and key as one PEM text, encoded from what was checked: OpenSSL could parse the original files differently."""
        return self.chain_pem() + self.key_pem()

    def chain_pem(self) -> bytes:
        """The chain as PEM."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in self.chain)

    def key_pem(self) -> bytes:
        """The private key as PEM (PKCS #8), without a passphrase."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def still_valid(self, at: datetime) -> None:
        """Raise `PairError` when a certificate of the chain is not valid at this time."""
        problems = [problem for each in self.chain for problem in validity(each, "the certificate in service", at, self.cert_file)]
        if problems:
            raise PairError(problems)


def pair_from(cert: bytes, key: bytes, files: PairFiles, *, at: datetime) -> Pair:
    """Parse and check a pair.

    Args:
        cert: The certificate chain, PEM, leaf first.
        key: The private key, PEM.
        files: Their files, for messages, and the names that the leaf must cover.
        at: The time at which the chain must be valid; timezone-aware.

    Raises:
        PairError: The pair cannot be served; has all problems.
    """
    chain, loaded = certificates(cert, files.cert), private_key(key, files.key)
    problems = problems_of(Candidate(chain=chain, key=loaded, names=files.names, at=at, cert_file=files.cert, key_file=files.key))
    if problems:
        raise PairError(problems)
    return Pair(chain=chain, key=loaded, cert_file=files.cert)
