"""The names of a certificate, and whether they match a host name by the rules of Go's TLS client."""

import ipaddress
import re
from collections.abc import Iterable
from typing import TypeVar

from cryptography import x509
from cryptography.x509.extensions import ExtensionType

from webhook.kube.text import visible

_Extension = TypeVar("_Extension", bound=ExtensionType)

_MAX_SHOWN_LENGTH = 200
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_DNS_NAME = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*", re.IGNORECASE)
_MAX_DNS_NAME_LENGTH = 253


def names_in(certificate: x509.Certificate) -> tuple[str, ...]:
    """DNS names, then IP addresses, of the subject alternative names. Clients ignore the common name."""
    names = extension(certificate, x509.SubjectAlternativeName)
    if names is None:
        return ()
    addresses = (str(address) for address in names.get_values_for_type(x509.IPAddress))
    return (*names.get_values_for_type(x509.DNSName), *addresses)


def covers(names: Iterable[str], wanted: str) -> bool:
    """Whether a certificate with these names matches a host name or IP address; `*` matches exactly one label, the first."""
    address = address_in(wanted)
    if address is not None:
        return any(address_in(name) == address for name in names)
    host = wanted.casefold().rstrip(".")
    wildcard = "*." + host.partition(".")[2]
    return any(name.casefold() in (host, wildcard) for name in names)


def address_in(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The name as an IP address, with or without brackets; `None` when it is none."""
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def is_name(name: str) -> bool:
    """Whether a certificate can have this as a DNS name or an IP address."""
    return address_in(name) is not None or (len(name) <= _MAX_DNS_NAME_LENGTH and _DNS_NAME.fullmatch(name) is not None)


def names_for_service(service: str, namespace: str) -> tuple[str, ...]:
    """The DNS names of a Kubernetes Service. The API server uses the first: it sends `<service>.<namespace>.svc` as server name."""
    short = f"{service}.{namespace}"
    return (f"{short}.svc", f"{short}.svc.cluster.local", short, service)


def shown(name: x509.Name) -> str:
    """A subject or issuer as one printable line: a certificate from elsewhere may contain control characters, and be long."""
    return printable(name.rfc4514_string()) or "(empty)"


def printable(text: str) -> str:
    """The text as one printable line, cut to 200 characters."""
    return visible(text if len(text) <= _MAX_SHOWN_LENGTH else f"{text[:_MAX_SHOWN_LENGTH]}...")


def extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    """The extension of this kind, if the certificate has it."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
