"""What goes back over HTTP: an answer, or a refusal with a Kubernetes Status."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec
from starlette.types import Send

Headers: TypeAlias = list[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")
CLOSE = (b"connection", b"close")

_REASONS: Mapping[int, str] = {
    400: "BadRequest",
    404: "NotFound",
    405: "MethodNotAllowed",
    408: "Timeout",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    500: "InternalError",
    504: "Timeout",
}
"""The words of k8s.io/apimachinery pkg/apis/meta/v1 types.go; it has none for other codes."""


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    """A Kubernetes Status, which its clients read the message from."""

    message: str
    reason: str
    code: int
    api_version: str = "v1"
    kind: str = "Status"
    status: str = "Failure"


class RefusedError(Exception):
    """A request that gets an HTTP error instead of a review.

    Attributes:
        code: The HTTP status.
        message: What is wrong, and what would be accepted.
        headers: Further headers.
    """

    def __init__(self, code: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = headers


def status_body(code: int, message: str) -> bytes:
    """A Status of a failure, as JSON."""
    return msgspec.json.encode(_Status(message, _REASONS.get(code, ""), code))


async def send_refusal(send: Send, refusal: RefusedError) -> None:
    """Answer with an HTTP error."""
    await send_reply(send, refusal.code, status_body(refusal.code, refusal.message), refusal.headers)


async def send_reply(send: Send, code: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Answer with JSON."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": code, "headers": [JSON, length, *headers]})
    await send({"type": "http.response.body", "body": body})
