"""Client certificates: the CAs that may sign them, and the names that they may have."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from webhook.tls.checks import is_ca, validity
from webhook.tls.names import shown
from webhook.tls.pem import certificates
from webhook.tls.problems import Fault, PairError, failure


@dataclass(frozen=True)
class ClientCAs:
    """The CAs that client certificates are verified against.

    Attributes:
        certificates: The CAs, at least one.
        file: Their file, for messages.
    """

    certificates: tuple[x509.Certificate, ...]
    file: str

    @property
    def pem(self) -> str:
        """The CAs as one PEM text."""
        return "".join(each.public_bytes(Encoding.PEM).decode() for each in self.certificates)

    def still_valid(self, at: datetime) -> None:
        """Raise `PairError` when no CA is valid at this time. One is enough: in a rotation an old CA expires beside a new one."""
        problems = [list(validity(each, f"the client CA {shown(each.subject)}", at, self.file)) for each in self.certificates]
        if all(problems):
            raise PairError(chain.from_iterable(problems))


def client_cas_from(data: bytes, *, file: str, at: datetime) -> ClientCAs:
    """The CAs in a PEM file.

    Args:
        data: Content of the file.
        file: The file, for messages.
        at: The time at which one of them must be valid; timezone-aware.

    Raises:
        PairError: A certificate is no CA, or none is valid at that time.
    """
    found = certificates(data, file)
    for number, certificate in enumerate(found, 1):
        if not is_ca(certificate):
            message = f"certificate {number} ({shown(certificate.subject)}) is no CA; name the CA that signed the clients' certificates"
            raise failure(Fault.UNFIT, file, message)
    cas = ClientCAs(found, file)
    cas.still_valid(at)
    return cas


def client_name_allowed(peer: Mapping[str, object] | None, names: Collection[str]) -> bool:
    """Whether a client certificate has one of the allowed names as common name, DNS name or URI.

    Args:
        peer: The result of `ssl_object.getpeercert()` after a handshake; empty or `None` when no certificate was verified.
        names: The allowed names; empty to allow each verified certificate.
    """
    if not peer:
        return False
    return not names or any(name in names for name in _peer_names(peer))


def _peer_names(peer: Mapping[str, object]) -> Iterator[str]:
    for kind, value in _pairs(peer.get("subjectAltName")):
        if kind in ("DNS", "URI"):
            yield value
    subject = peer.get("subject")
    for part in subject if isinstance(subject, tuple) else ():
        yield from (value for kind, value in _pairs(part) if kind == "commonName")


def _pairs(entries: object) -> Iterator[tuple[str, str]]:
    """The names in the format of `getpeercert`: a tuple of (kind, value) tuples."""
    for entry in entries if isinstance(entries, tuple) else ():
        match entry:
            case (str(kind), str(value)):
                yield kind, value
