"""One admission endpoint: a request in, bytes out, within limits. Knows ASGI, and no framework.

A review that is answered is HTTP 200 whatever the answer; a request that is none, or comes at a bad time, is an HTTP error; a mistake of
ours is 500, and the webhook configuration's failurePolicy decides.
"""

import functools
import time
from collections.abc import Coroutine

from starlette.types import Receive, Scope, Send

from webhook.admission.answer import ReviewError
from webhook.server.body import RETRY_AFTER, ClientGoneError, Load, check_headers, check_method, check_size, read_body
from webhook.server.deadline import seconds_to_answer
from webhook.server.limits import Limits
from webhook.server.logs import RequestLog
from webhook.server.metrics import Metrics
from webhook.server.prompt import Lane
from webhook.server.reply import Headers, RefusedError, send_refusal, send_reply
from webhook.server.reviewers import Reviewed, Reviewer


class Admission:
    """An ASGI application that answers AdmissionReviews at one path."""

    def __init__(self, path: str, reviewer: Reviewer, limits: Limits, load: Load, metrics: Metrics) -> None:
        self._endpoint = path
        self._reviewer = reviewer
        self._limits = limits
        self._load = load
        self._metrics = metrics
        self._log = RequestLog()

    def lane(self, query: bytes) -> Lane:
        """What answers whole requests whose URL has this query."""
        return functools.partial(self._at_once, seconds_to_answer(query, self._limits.default_deadline_seconds))

    def _at_once(self, seconds: float, headers: Headers, body: bytes) -> bytes | None:
        """The answer; `None` where the request is refused, waits or fails: `__call__` then meets the same again, and tells it."""
        started = time.monotonic()
        if not body or self._load.requests >= self._limits.max_in_flight:
            return None
        try:
            check_headers(headers, self._limits)
            check_size(body, self._limits)
            reviewed = _first_step(self._reviewer(body, started + seconds))
            if reviewed is None:
                return None
            self._tell(reviewed, started)
        except Exception:  # noqa: BLE001 - see above
            return None
        return reviewed.body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens to it, no other one notices."""
        started = time.monotonic()
        try:
            body = await self._counted(scope, receive, started)
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

    async def _counted(self, scope: Scope, receive: Receive, started: float) -> bytes:
        """The answer, while the request counts as in flight."""
        load = self._load
        if load.requests >= self._limits.max_in_flight:
            raise RefusedError(429, f"{load.requests} requests are being answered, which is the most at one time; try again", RETRY_AFTER)
        load.requests += 1
        try:
            return await self._answered(scope, receive, started)
        finally:
            load.requests -= 1

    async def _answered(self, scope: Scope, receive: Receive, started: float) -> bytes:
        limits = self._limits
        check_method(scope["method"])
        check_headers(scope["headers"], limits)
        seconds = seconds_to_answer(scope["query_string"], limits.default_deadline_seconds)
        body = await read_body(receive, limits, self._load)
        if not body:
            raise RefusedError(400, "the request body is empty; send an AdmissionReview of admission.k8s.io/v1")
        if time.monotonic() >= started + seconds:
            raise RefusedError(504, "the request took all of its time to arrive")
        try:
            reviewed = await self._reviewer(body, started + seconds)
        except ReviewError as error:
            raise RefusedError(400, str(error)) from error
        self._tell(reviewed, started)
        return reviewed.body

    def _tell(self, reviewed: Reviewed, started: float) -> None:
        taken = time.monotonic() - started
        self._metrics.answered(self._endpoint, reviewed, taken)
        self._log.answered(self._endpoint, reviewed, taken)

    def _refused(self, refusal: RefusedError, started: float) -> None:
        taken = time.monotonic() - started
        self._metrics.refused(self._endpoint, refusal.code, taken)
        self._log.refused(self._endpoint, refusal.code, refusal.message, taken)


def _first_step(review: Coroutine[object, None, Reviewed]) -> Reviewed | None:
    """What a review comes to where it waits for nothing; else it is given up, and nothing has happened."""
    try:
        review.send(None)
    except StopIteration as done:
        reviewed: Reviewed = done.value
        return reviewed
    review.close()
    return None
