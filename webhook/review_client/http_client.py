"""A server asked over HTTP, as an API server asks it, within limits of time and size."""

import http.client
import queue
import socket
import ssl
import threading
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from webhook import __version__
from webhook.kube.shape import UNDECODABLE
from webhook.review_client.address import Address, Trust, tls_context, why
from webhook.review_client.client import UnansweredError, UnreachableError

MAX_BYTES = 16 * 1024 * 1024
"""More of an answer is not read."""

_MAX_REPORTED = 500
_OK = 200
_BAD_REQUEST = 400


class _Answer(NamedTuple):
    code: int
    body: bytes


class _Status(msgspec.Struct):
    message: str


class Remote:
    """A server at an address. Each review gets a connection of its own, so that none suffers from another."""

    def __init__(self, address: Address, trust: Trust, *, seconds: float) -> None:
        """`seconds` is the time for one answer; `UnreadableError` for files of `trust` that cannot be used."""
        self._address = address
        self._context = tls_context(trust) if address.scheme == "https" else None
        self._name = trust.server_name or address.host
        self._seconds = seconds

    def ask(self, endpoint: str, body: bytes) -> bytes:
        """The body of the answer.

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
        """The message of a Kubernetes Status, or whatever else it is."""
        try:
            return _cut(msgspec.json.decode(answer.body, type=_Status).message)
        except UNDECODABLE:
            text = _cut(answer.body.decode(errors="replace").strip() or "without a body")
            return text + (self._other_scheme() if answer.code == _BAD_REQUEST else "")

    def _other_scheme(self) -> str:
        """A remedy: to HTTP, a port of TLS closes the connection, or answers with 400 in words of its own."""
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
    """What the work comes to, or `TimeoutError`. A socket's own time-out is for each byte: who drips could hold us for ever."""
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
