"""One admission endpoint: a request in, bytes out, within limits and before the deadline of the caller.

A review that is answered is HTTP 200 whatever the answer; a request that is none, or comes at a bad time, is an HTTP error; a mistake of
ours is 500, and the webhook configuration's failurePolicy decides.
"""

import functools
import re
import time
import urllib.parse
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from webhook.admission.answer import ReviewError
from webhook.http.body import ClientGoneError, Load, check_headers, check_method, check_size, read_body
from webhook.http.callers import caller_of
from webhook.http.fast_path import BEGUN
from webhook.http.limits import Limits
from webhook.http.logs import RequestLog
from webhook.http.metrics import Metrics
from webhook.http.reply import Headers, RefusedError, send_refusal, send_reply
from webhook.http.reviewers import Reviewed, Reviewer, Unfinished, finished

MAX_SECONDS = 30.0
"""No webhook configuration may have a longer timeout (k8s.io/kubernetes pkg/apis/admissionregistration/validation)."""

_MAX_QUERY_LENGTH = 256
_MAX_FIELDS = 16
_DURATION = re.compile(r"\+?(?:(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})(?:ns|us|µs|μs|ms|s|m|h))+", re.ASCII)
_PART = re.compile(r"([\d.]+)([a-zµμ]+)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_to_answer(query: bytes, default: float) -> float:
    """Seconds within which an answer is of use: those of `?timeout=`, else `default`, at most 30, less a margin for the way back.

    The margin is a twentieth: an answer that leaves at the last moment comes too late.
    """
    named = _named(query) if len(query) <= _MAX_QUERY_LENGTH else None
    return 0.95 * min(named or default, MAX_SECONDS)


@functools.lru_cache(maxsize=64)
def _named(query: bytes) -> float | None:
    try:
        fields = urllib.parse.parse_qs(query.decode(), max_num_fields=_MAX_FIELDS)
    except ValueError:
        return None
    values = fields.get("timeout")
    return parse_duration(values[0]) if values else None


def parse_duration(text: str) -> float | None:
    """Seconds of a duration as Go writes it (`10s`, `1m30s`, `500ms`, `1.5s`); `None` for anything else, nothing and less included.

    Source: Go's time.ParseDuration; a bare `0` and negative durations are legal there, and no time to answer in.
    """
    if _DURATION.fullmatch(text) is None:
        return None
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    return seconds if seconds > 0 else None


class Begun(NamedTuple):
    """What the fast path hands on of a review.

    Attributes:
        outcome: What the review has come to, or why it is refused or has failed.
        started: When it began, in seconds of `time.monotonic()`.
    """

    outcome: Reviewed | Unfinished | Exception
    started: float


class Admission:
    """An ASGI application that answers AdmissionReviews at one path."""

    def __init__(  # noqa: PLR0913 - called in one place
        self, path: str, reviewer: Reviewer, *, limits: Limits, load: Load, metrics: Metrics, verifies_clients: bool = False
    ) -> None:
        """Answer by a reviewer; `verifies_clients` says whether TLS connections show a client certificate."""
        self._verifies_clients = verifies_clients
        self._endpoint = path
        self._reviewer = reviewer
        self._limits = limits
        self._load = load
        self._metrics = metrics
        self._log = RequestLog()

    def fast_path(self, headers: Headers, body: bytes) -> bytes | Begun | None:
        """The answer to a whole request; where it waits, is refused or fails, what `__call__` goes on with; `None` where nothing began."""
        started = time.monotonic()
        if not body or self._load.requests >= self._limits.max_in_flight:
            return None
        try:
            check_headers(headers, self._limits)
            check_size(body, self._limits)
            begun = self._reviewer.begin(body)
            if not isinstance(begun, Reviewed):
                return Begun(begun, started)
            self._tell(begun, started)
        except Exception as error:  # noqa: BLE001 - `__call__` answers it, whatever it is
            return Begun(error, started)
        return begun.body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens to it, no other one notices."""
        begun: Begun | None = scope.get("state", {}).get(BEGUN)
        started = begun.started if begun is not None else time.monotonic()
        try:
            body = await self._answered(scope, receive, started, begun)
        except RefusedError as refusal:
            self._refused(refusal, started)
            await send_refusal(send, refusal)
        except ClientGoneError:
            self._metrics.cut_off(self._endpoint)
            self._log.cut_off(self._endpoint, time.monotonic() - started)
        except Exception:  # noqa: BLE001 - the last resort: the caller gets an answer, the log the exception
            self._metrics.refused(self._endpoint, 500, time.monotonic() - started)
            self._log.failed(self._endpoint, time.monotonic() - started)
            await send_refusal(send, RefusedError(500, "an internal error; the log of Bindguard has it"))
        else:
            await send_reply(send, 200, body)

    async def _answered(self, scope: Scope, receive: Receive, started: float, begun: Begun | None) -> bytes:
        """The answer. A request is in flight once its body is whole: one that trickles in takes no place from others."""
        until = started + seconds_to_answer(scope["query_string"], self._limits.default_deadline_seconds)
        body = b"" if begun is not None else await self._received(scope, receive, until)
        try:
            with self._load.in_flight(self._limits.max_in_flight):
                outcome = begun.outcome if begun is not None else self._reviewer.begin(body)
                if isinstance(outcome, Exception):
                    raise outcome
                reviewed = await finished(outcome, until, caller_of(scope, verifies_clients=self._verifies_clients))
        except ReviewError as error:
            raise RefusedError(400, str(error)) from error
        self._tell(reviewed, started)
        return reviewed.body

    async def _received(self, scope: Scope, receive: Receive, until: float) -> bytes:
        check_method(scope["method"])
        check_headers(scope["headers"], self._limits)
        body = await read_body(receive, self._limits, self._load)
        if not body:
            raise RefusedError(400, "the request body is empty; send an AdmissionReview of admission.k8s.io/v1")
        if time.monotonic() >= until:
            raise RefusedError(504, "the request took all of its time to arrive")
        return body

    def _tell(self, reviewed: Reviewed, started: float) -> None:
        taken = time.monotonic() - started
        self._metrics.answered(self._endpoint, reviewed, taken)
        self._log.answered(self._endpoint, reviewed, taken)

    def _refused(self, refusal: RefusedError, started: float) -> None:
        taken = time.monotonic() - started
        self._metrics.refused(self._endpoint, refusal.code, taken)
        self._log.refused(self._endpoint, refusal.code, refusal.message, taken)
