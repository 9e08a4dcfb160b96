"""An answer of the API server that is no success, or no answer at all, as one error with one of a few reasons."""

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
    """The API server did not do what it was asked.

    Attributes:
        status: The HTTP status; 0 when there was no answer.
        reason: What that means, for logs, metrics and decisions.
        body: What was answered, whole; a Status object as a rule.
        retry_after: Seconds that the server asks to be left alone for; 0 when it does not.
    """

    def __init__(self, message: str, *, status: int, reason: Reason, body: bytes = b"", retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.reason: Reason = reason
        self.body = body
        self.retry_after = retry_after

    @property
    def kind(self) -> str:
        """What failed and why: the same for the same trouble however the server words it, so that a log tells each trouble once."""
        return f"{self.message.partition(': ')[0]}: {self.reason}"


class _Status(msgspec.Struct):
    message: str = ""


_decode = msgspec.json.Decoder(_Status).decode


def unanswered(asked: str, reason: Reason, why: str) -> ApiError:
    """There was no answer to `asked`."""
    return ApiError(f"{asked}: {why}", status=0, reason=reason)


def answered(asked: str, status: int, body: bytes, *, retry_after: float) -> ApiError:
    """The answer to `asked` was a refusal."""
    message = f"{asked}: HTTP {status}: {_told(body)}"
    return ApiError(message, status=status, reason=reason_of(status), body=body, retry_after=retry_after)


@contextlib.contextmanager
def needing(grant: str) -> Iterator[None]:
    """A refusal within the block tells what to let us do; the server's own words may leave it out (`... is forbidden:`)."""
    try:
        yield
    except ApiError as error:
        if error.reason != "forbidden":
            raise
        told = f"{error.message.rstrip('.: ')}; let the user of this program {grant}"
        raise ApiError(told, status=error.status, reason=error.reason, body=error.body) from error


def reason_of(status: int) -> Reason:
    """What an HTTP status of the API server means."""
    return _REASON_OF.get(status, "unavailable")


def _told(body: bytes) -> str:
    """The message of a Status object, or the start of whatever else was answered, on one line."""
    try:
        message = _decode(body).message
    except UNDECODABLE:
        message = body[:_MAX_REPORTED].decode(errors="replace")
    told = " ".join(message.split())
    return told[:_MAX_REPORTED] or "no reason is given"
