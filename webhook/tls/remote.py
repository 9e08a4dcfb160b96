"""The certificate that some server shows, whatever it is worth."""

import socket

import msgspec
from cryptography import x509

from webhook.tls.context import unverified_context
from webhook.tls.pem import UNPARSABLE, whole
from webhook.tls.problems import Fault, failure


class Shown(msgspec.Struct, frozen=True):
    """What a server showed.

    Attributes:
        certificate: Its leaf.
        version: The TLS version that was agreed on, such as `TLSv1.3`.
        cipher: The cipher suite.
    """

    certificate: x509.Certificate
    version: str
    cipher: str


def shown_by(host: str, port: int, *, timeout_seconds: float = 5.0) -> Shown:
    """What the server at host and port shows in a handshake; `PairError` when there is none within the time."""
    place = f"{host}:{port}"
    try:
        with (
            socket.create_connection((host, port), timeout=timeout_seconds) as plain,
            unverified_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            der, version, cipher = secured.getpeercert(binary_form=True), secured.version(), secured.cipher()
        return Shown(whole(x509.load_der_x509_certificate(der or b"")), version or "", cipher[0] if cipher else "")
    except (OSError, UnicodeError, *UNPARSABLE) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise failure(Fault.UNREADABLE, place, f"no TLS handshake ({reason}); check the address and that the server listens") from error
