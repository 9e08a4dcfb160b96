"""Sends a review to a server over HTTP or TLS, with limits of time and size."""

import http.client
import queue
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import msgspec

from webhook import __version__
from webhook.errors import BindguardError, UnreadableError, UsageError
from webhook.files import is_pipe, read_file
from webhook.kube.shape import UNDECODABLE
from webhook.kube.text import quoted

Ask: TypeAlias = Callable[[str, bytes], bytes]
"""Returns the response to the AdmissionReview in a body, from the endpoint `VALIDATE` or `MUTATE`; `UnansweredError` if there is none."""


class UnansweredError(BindguardError):
    """A review without a valid response; other reviews may have one (exit code 3)."""


class UnreachableError(BindguardError):
    """A server that cannot be reached (exit code 3)."""


_MAX_LENGTH = 200
_MAX_BYTES = 16 * 1024 * 1024
_PORTS = {"https": 443, "http": 80}


class Address(NamedTuple):
    """The address of a server."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """The TLS settings of a client.

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
    """The TLS context of a client; `UnreadableError` for a file that cannot be used."""
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
    """The shortest message of a network or TLS error."""
    for name in ("verify_message", "reason", "strerror"):
        text = getattr(error, name, None)
        if isinstance(text, str) and text:
            return text.replace("_", " ").lower() if name == "reason" else text.removesuffix(".")
    return str(error)[:_MAX_LENGTH] or type(error).__name__


MAX_BYTES = 16 * 1024 * 1024
"""Maximum size of a response."""

_MAX_REPORTED = 500
_OK = 200
_BAD_REQUEST = 400


class _Answer(NamedTuple):
    code: int
    body: bytes


class _Status(msgspec.Struct):
    message: str


class Remote:
    """A server. Each review has its own connection, so that errors of one do not affect others."""

    def __init__(self, address: Address, trust: Trust, *, seconds: float) -> None:
        """`seconds` is the time for one response; `UnreadableError` for files of `trust` that cannot be used."""
        self._address = address
        self._context = tls_context(trust) if address.scheme == "https" else None
        self._name = trust.server_name or address.host
        self._seconds = seconds

    def ask(self, endpoint: str, body: bytes) -> bytes:
        """The body of the response.

        Raises:
            UnansweredError: The server answers otherwise than with 200, too late, or not in HTTP.
            UnreachableError: There is no such server: asking again is of no use.
        """
        place = f"{self._address}{endpoint}"
        try:
            answer = _within(self._seconds, lambda: self._answer(endpoint, body))
        except TimeoutError as error:
            raise UnansweredError(f"{place}: no answer within {self._seconds:g} s") from error
        except (OSError, http.client.HTTPException) as error:
            raise UnansweredError(f"{place}: no HTTP answer: {why(error)}{self._other_scheme()}") from error
        if answer.code != _OK:
            raise UnansweredError(f"{place}: HTTP {answer.code}: {self._told(answer)}")
        if len(answer.body) > MAX_BYTES:
            raise UnansweredError(f"{place}: the answer has more than {MAX_BYTES:,} bytes")
        return answer.body

    def _told(self, answer: _Answer) -> str:
        """The message of a Kubernetes Status, or else the text of the body."""
        try:
            return _cut(msgspec.json.decode(answer.body, type=_Status).message)
        except UNDECODABLE:
            text = _cut(answer.body.decode(errors="replace").strip() or "without a body")
            return text + (self._other_scheme() if answer.code == _BAD_REQUEST else "")

    def _other_scheme(self) -> str:
        """A hint to write https: a TLS port closes a connection with HTTP, or answers with 400."""
        return "; if it speaks TLS, write https://" if self._context is None else ""

    def _answer(self, endpoint: str, body: bytes) -> _Answer:
        connection = http.client.HTTPConnection(self._address.host, self._address.port)
        connection.sock = self._connected()
        try:
            headers = {"content-type": "application/json", "user-agent": f"bindguard/{__version__}", "connection": "close"}
            connection.request("POST", f"{endpoint}?timeout={self._seconds:g}s", body, headers)
            response = connection.getresponse()
            return _Answer(response.status, response.read(MAX_BYTES + 1))
        finally:
            connection.close()

    def _connected(self) -> socket.socket:
        try:
            plain = socket.create_connection(self._address[1:], timeout=self._seconds)
        except (OSError, ValueError) as error:  # ValueError: a host that is no name
            raise UnreachableError(f"{self._address}: cannot be reached: {why(error)}") from error
        try:
            return plain if self._context is None else self._context.wrap_socket(plain, server_hostname=self._name)
        except (OSError, ValueError) as error:
            plain.close()
            raise UnreachableError(f"{self._address}: cannot be asked over TLS: {why(error)}{_remedy(error)}") from error


def _within(seconds: float, work: Callable[[], _Answer]) -> _Answer:
    """The result of the work, or `TimeoutError`. The timeout of a socket is not enough: it begins again with each byte."""
    done: queue.SimpleQueue[_Answer | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put(work())
        except Exception as error:  # noqa: BLE001 - raised again where somebody can tell it
            done.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        result = done.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(result, Exception):
        raise result
    return result


def _remedy(error: Exception) -> str:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return ""
    return "; give its CA with --ca, the name in its certificate with --tls-server-name, or --insecure"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_REPORTED else text[:_MAX_REPORTED] + "..."
