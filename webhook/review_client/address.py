"""The address of a server as a person writes it, and the TLS that it is asked over."""

import ssl
import urllib.parse
from typing import NamedTuple

import msgspec

from webhook.errors import UnreadableError, UsageError
from webhook.files import is_pipe, read_file
from webhook.kube.text import quoted

_MAX_LENGTH = 200
_MAX_BYTES = 16 * 1024 * 1024
_PORTS = {"https": 443, "http": 80}


class Address(NamedTuple):
    """A server's place in the network."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What a client knows about TLS.

    Attributes:
        ca: File of the CAs to trust; the system's without it.
        insecure: Whether any certificate will do.
        certificate: File of the client's own certificate, and of its key unless `key` names that.
        key: File of that key.
        server_name: Name that the certificate must be for, where that is not the host.
    """

    ca: str | None = None
    insecure: bool = False
    certificate: str | None = None
    key: str | None = None
    server_name: str | None = None


def parse_address(text: str) -> Address:
    """The address in `https://host:port`; `UsageError` for anything else."""
    try:
        parts = urllib.parse.urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = parts = None
    beside = parts is None or parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment
    if parts is None or beside or not host or parts.scheme not in _PORTS or not text.isprintable() or " " in text:
        raise UsageError(
            f"--server: {quoted(text)} is no address of a server; write it like https://localhost:8443 (--endpoint is the path)"
        )
    return Address(parts.scheme, host, port if port is not None else _PORTS[parts.scheme])


def tls_context(trust: Trust) -> ssl.SSLContext:
    """The context of a client; `UnreadableError` for a file that cannot be used."""
    context = _trusting(trust)
    if trust.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if trust.certificate is not None:
        place = trust.certificate if trust.key is None else f"{trust.certificate} with {trust.key}"
        try:
            for file in filter(None, (trust.certificate, trust.key)):
                if not is_pipe(file):
                    read_file(file, max_bytes=_MAX_BYTES)  # OpenSSL would read a device for ever
            context.load_cert_chain(trust.certificate, trust.key, password="")  # else OpenSSL asks the terminal for one
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise UnreadableError(f"is no certificate with its key, PEM and not encrypted: {why(error)}", file=place) from error
    return context


def _trusting(trust: Trust) -> ssl.SSLContext:
    if trust.ca is None:
        return ssl.create_default_context()
    try:
        text = read_file(trust.ca, max_bytes=_MAX_BYTES, pipe=True).decode("ascii", "ignore")  # comments may be of any encoding
        return ssl.create_default_context(cadata=text or " ")  # an empty text would trust the system's CAs
    except (OSError, ValueError) as error:
        raise UnreadableError(f"holds no CA certificates in PEM: {why(error)}", file=trust.ca) from error


def why(error: Exception) -> str:
    """What is wrong, of an error of the network or of TLS, in the fewest words that it has."""
    for name in ("verify_message", "reason", "strerror"):
        text = getattr(error, name, None)
        if isinstance(text, str) and text:
            return text.replace("_", " ").lower() if name == "reason" else text.removesuffix(".")
    return str(error)[:_MAX_LENGTH] or type(error).__name__
