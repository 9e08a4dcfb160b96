"""Failed calls to the API server as one error class with one of a few reasons."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from webhook.errors import UnreadableError
from webhook.kube.shape import UNDECODABLE

Reason = Literal[
    "unauthorized", "forbidden", "not-found", "conflict", "gone", "timeout", "too-many-requests", "unavailable", "invalid", "unreadable"
]

_REASON_OF: Mapping[int, Reason] = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    408: "timeout",
    409: "conflict",
    410: "gone",
    413: "invalid",
    415: "invalid",
    422: "invalid",
    429: "too-many-requests",
    504: "timeout",
}
_MAX_REPORTED = 400


class ApiError(UnreadableError):
    """A call to the API server failed.

    Attributes:
        status: The HTTP status; 0 when there was no response.
        reason: The kind of failure, for logs, metrics and decisions.
        body: The whole body of the response; usually a Status object.
        retry_after: The server's `Retry-After`, in seconds; 0 without one.
    """

    def __init__(self, message: str, *, status: int, reason: Reason, body: bytes = b"", retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.reason: Reason = reason
        self.body = body
        self.retry_after = retry_after

    @property
    def kind(self) -> str:
        """The call and the reason, without the server's wording: equal for equal failures, so that each is logged once."""
        return f"{self.message.partition(': ')[0]}: {self.reason}"


class _Status(msgspec.Struct):
    message: str = ""


_decode = msgspec.json.Decoder(_Status).decode


def unanswered(asked: str, reason: Reason, why: str) -> ApiError:
    """The error of a call (`asked`) without a response, or with one that cannot be used."""
    return ApiError(f"{asked}: {why}", status=0, reason=reason)


def answered(asked: str, status: int, body: bytes, *, retry_after: float) -> ApiError:
    """The error of a call (`asked`) whose response has an error status."""
    try:
        message = _decode(body).message
    except UNDECODABLE:
        message = body[:_MAX_REPORTED].decode(errors="replace")
    reported = " ".join(message.split())[:_MAX_REPORTED] or "no reason is given"
    message = f"{asked}: HTTP {status}: {reported}"
    return ApiError(message, status=status, reason=reason_of(status), body=body, retry_after=retry_after)


@contextlib.contextmanager
def needing(grant: str) -> Iterator[None]:
    """Add the permission that is needed to a 403 within the block; the server's message may leave it out (`... is forbidden:`)."""
    try:
        yield
    except ApiError as error:
        if error.reason != "forbidden":
            raise
        message = f"{error.message.rstrip('.: ')}; let the user of this program {grant}"
        raise ApiError(message, status=error.status, reason=error.reason, body=error.body) from error


def reason_of(status: int) -> Reason:
    """The reason for an HTTP status of the API server."""
    return _REASON_OF.get(status, "unavailable")
