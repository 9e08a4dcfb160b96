"""Which clients may connect: the CAs that must have signed their certificates, and the names that these may carry."""

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
        certificates: All of them, at least one.
        file: Where they were read, as messages name it.
    """

    certificates: tuple[x509.Certificate, ...]
    file: str

    @property
    def pem(self) -> str:
        """All of them as one PEM text."""
        return "".join(each.public_bytes(Encoding.PEM).decode() for each in self.certificates)

    def still_valid(self, at: datetime) -> None:
        """`PairError` when none is valid at this moment; an expired one beside a valid one is what a rotation looks like."""
        problems = [list(validity(each, f"the client CA {shown(each.subject)}", at, self.file)) for each in self.certificates]
        if all(problems):
            raise PairError(chain.from_iterable(problems))


def client_cas_from(data: bytes, *, file: str, at: datetime) -> ClientCAs:
    """The CAs in these bytes; `PairError` when one is no CA, or when none is valid at this moment."""
    found = certificates(data, file)
    for number, certificate in enumerate(found, 1):
        if not is_ca(certificate):
            message = f"certificate {number} ({shown(certificate.subject)}) is no CA; name the CA that signed the clients' certificates"
            raise failure(Fault.UNFIT, file, message)
    cas = ClientCAs(found, file)
    cas.still_valid(at)
    return cas


def client_name_allowed(peer: Mapping[str, object] | None, names: Collection[str]) -> bool:
    """Whether a verified client certificate carries one of these names, as common name, DNS name or URI.

    `peer` is what `ssl_object.getpeercert()` gives after a handshake: empty or `None` when no certificate was verified. Without names
    any verified certificate will do.
    """
    if not peer:
        return False
    return not names or any(name in names for name in _names(peer))


def _names(peer: Mapping[str, object]) -> Iterator[str]:
    for kind, value in _pairs(peer.get("subjectAltName")):
        if kind in ("DNS", "URI"):
            yield value
    subject = peer.get("subject")
    for part in subject if isinstance(subject, tuple) else ():
        yield from (value for kind, value in _pairs(part) if kind == "commonName")


def _pairs(entries: object) -> Iterator[tuple[str, str]]:
    """Python's own shape of names: tuples of (kind, value)."""
    for entry in entries if isinstance(entries, tuple) else ():
        match entry:
            case (str(kind), str(value)):
                yield kind, value
