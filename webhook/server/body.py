"""The body of a request, read within limits of size. Does not know what is in it."""

from collections.abc import Mapping

from starlette.types import Receive

from webhook.server.limits import Limits
from webhook.server.reply import Headers, RefusedError

RETRY_AFTER = (b"retry-after", b"1")
_NOT_COMPRESSED = "is not accepted; send the body as it is, not compressed"


class ClientGoneError(Exception):
    """The client went away, or was too slow, before its request was whole: nobody is there to answer."""


class Load:
    """What is being worked on at one time, over all endpoints.

    Attributes:
        requests: Requests not yet answered.
        body_bytes: Bytes held of bodies that are not yet whole.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.body_bytes = 0


def check_method(method: str) -> None:
    """Refuse any other method than POST (405)."""
    if method != "POST":
        raise RefusedError(405, f"method {method} is not allowed here; use POST with an AdmissionReview", (b"allow", b"POST"))


def check_headers(sent: Headers, limits: Limits) -> None:
    """Refuse what need not be read: no JSON or compressed (415), declared too large (413)."""
    headers = dict(sent)
    content_type = headers.get(b"content-type", b"")
    if content_type != b"application/json" and content_type.partition(b";")[0].strip().lower() != b"application/json":
        raise RefusedError(415, f"content type {_shown(content_type)} is not accepted; send application/json")
    if b"content-encoding" in headers:
        raise RefusedError(415, f"content encoding {_shown(headers[b'content-encoding'])} {_NOT_COMPRESSED}")
    if headers.get(b"transfer-encoding", b"chunked").strip().lower() != b"chunked":
        raise RefusedError(415, f"transfer encoding {_shown(headers[b'transfer-encoding'])} {_NOT_COMPRESSED}")
    if int(headers.get(b"content-length", b"0")) > limits.max_body_bytes:
        raise _too_large(limits)


async def read_body(receive: Receive, limits: Limits, load: Load) -> bytes:
    """The whole body; the connection sees to it that it comes in time (`protocol`).

    `RefusedError` when it is too large (413), or too much together with all others (429); `ClientGoneError` when it is cut off.
    """
    message = await receive()
    if message["type"] == "http.request" and not message["more_body"]:
        whole: bytes = message["body"]
        check_size(whole, limits)
        return whole
    return await _read_parts(message, receive, limits, load)


async def _read_parts(message: Mapping[str, object], receive: Receive, limits: Limits, load: Load) -> bytes:
    """The body that begins with `message`; what is held of it counts as load until it is whole."""
    body = bytearray()
    try:
        while True:
            if message["type"] != "http.request":
                raise ClientGoneError
            part = message["body"]
            assert isinstance(part, bytes)  # noqa: S101 - ASGI says so
            _charge(len(part), limits, load)
            body += part
            check_size(body, limits)
            if not message["more_body"]:
                return bytes(body)
            message = await receive()
    finally:
        load.body_bytes -= len(body)


def _charge(size: int, limits: Limits, load: Load) -> None:
    if load.body_bytes + size > max(limits.max_buffered_bytes, limits.max_body_bytes):
        raise RefusedError(429, "too many large requests at one time; try again", RETRY_AFTER)
    load.body_bytes += size


def check_size(body: bytes | bytearray, limits: Limits) -> None:
    """Refuse what is too large (413)."""
    if len(body) > limits.max_body_bytes:
        raise _too_large(limits)


def _too_large(limits: Limits) -> RefusedError:
    return RefusedError(413, f"the request body is too large; at most {limits.max_body_bytes} bytes are read")


def _shown(value: bytes) -> str:
    return ascii(value[:60].decode("latin-1"))
