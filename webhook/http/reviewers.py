"""From the body of a review to its answer: a synchronous beginning for each endpoint, and what has to be waited for after it."""

import functools
import time
from collections.abc import Awaitable, Callable, Container
from typing import NamedTuple, Protocol, TypeAlias

import msgspec

from webhook.admission.answer import Answer
from webhook.admission.confirmation import UnconfirmedError, confirmed, depends_on_registry, unconfirmed
from webhook.admission.pods import POD
from webhook.admission.review import Request, Review, open_review
from webhook.admission.rule_set import RuleSet
from webhook.admission.validation import validate
from webhook.admission.verdict import encode
from webhook.admission.weight import is_heavy
from webhook.http.body import LARGE_BYTES
from webhook.http.callers import LOCAL, Caller
from webhook.http.large import HeavyReviews, check_values

_RESERVED = 0.2
_MAX_RESERVE_SECONDS = 0.25


class Reviewed(msgspec.Struct, frozen=True, gc=False):
    """An answered review: the request, the answer, and the answer's bytes."""

    request: Request
    answer: Answer
    body: bytes


Unfinished: TypeAlias = Callable[[float, Caller], Awaitable[Reviewed]]
"""Finishes the review of a caller before a time of `time.monotonic()`. It goes on with what the beginning has found."""


class Reviewer(Protocol):
    """Answers AdmissionReviews."""

    def begin(self, body: bytes) -> Reviewed | Unfinished:
        """Answer the AdmissionReview in `body`, as far as that needs no waiting.

        This has no side effects: it makes no call and counts nothing, so that the fast path may run it before ASGI takes the request over.
        Everything else belongs into what it returns. `ReviewError` when the body is no review.
        """


async def finished(begun: Reviewed | Unfinished, until: float, caller: Caller = LOCAL) -> Reviewed:
    """The answer to a caller, before a time of `time.monotonic()`."""
    return begun if isinstance(begun, Reviewed) else await begun(until, caller)


Confirm: TypeAlias = Callable[[float], Awaitable[RuleSet]]
"""Gives a rule set of the source's state after the call, at the latest at a time of `time.monotonic()`; else raises `UnconfirmedError`."""


class _Denial(NamedTuple):
    """A denial that waits for its confirmation, and what it was found by."""

    review: Review
    answer: Answer
    rule_set: RuleSet


class Validating(msgspec.Struct, frozen=True):
    """What `/validate` does: it waits for nothing, unless a denial hangs on a registry that may have changed since, or on a VMI.

    Attributes:
        rule_set: What objects are checked against now.
        exempt_namespaces: Where nothing is checked.
        confirm: Reads the registry again; `None` where the registry in service cannot lag.
        pods: Answers reviews of pods; without, they are passed as any other kind that holds no VMI spec.
        heavy: Evaluates what would hold up others.
    """

    rule_set: Callable[[], RuleSet]
    exempt_namespaces: Container[str]
    confirm: Confirm | None = None
    pods: Reviewer | None = None
    heavy: HeavyReviews = msgspec.field(default_factory=HeavyReviews)

    def begin(self, body: bytes) -> Reviewed | Unfinished:
        """Evaluate the object; a launcher pod needs its VMI, and a denial for what the registry says its confirmation."""
        rule_set = self.rule_set()
        if len(body) > LARGE_BYTES:
            return self._in_thread(functools.partial(self._opened, body, rule_set), len(body))
        review = open_review(body)
        if is_heavy(review, rule_set):
            return self._in_thread(functools.partial(self._begun, review, rule_set), len(body))
        return self._begun(review, rule_set)

    def _opened(self, body: bytes, rule_set: RuleSet) -> Reviewed | Unfinished:
        """What is done with a large body in the thread: counting and decoding 3 MB would each hold up the event loop for milliseconds."""
        check_values(body)
        return self._begun(open_review(body), rule_set)

    def _begun(self, review: Review, rule_set: RuleSet) -> Reviewed | Unfinished:
        if self.pods is not None and review.request.kind == POD:
            return self.pods.begin(review.body)
        answer = validate(review, rule_set, exempt_namespaces=self.exempt_namespaces)
        if self.confirm is not None and depends_on_registry(answer):
            return functools.partial(self._confirmed, self.confirm, _Denial(review, answer, rule_set))
        return reviewed_by(review.request, answer, rule_set)

    def _in_thread(self, work: Callable[[], Reviewed | Unfinished], size: int) -> Unfinished:
        async def finish(until: float, caller: Caller) -> Reviewed:
            return await finished(await self.heavy.run(work, size, with_reserve(until)), until, caller)

        return finish

    async def _confirmed(self, confirm: Confirm, denial: _Denial, until: float, caller: Caller) -> Reviewed:  # noqa: ARG002 - everybody is told the same
        """The answer by a registry that was read after the review came; by what is known where it could not be read."""
        review, answer, rule_set = denial
        try:
            fresh = await confirm(with_reserve(until))
        except UnconfirmedError:
            return reviewed_by(review.request, unconfirmed(answer, rule_set.age(time.monotonic())), rule_set)
        if not fresh.evaluates_like(rule_set):
            again = functools.partial(validate, review, fresh, exempt_namespaces=self.exempt_namespaces)
            is_slow = len(review.body) > LARGE_BYTES or is_heavy(review, fresh)
            answer = await self.heavy.run(again, len(review.body), with_reserve(until)) if is_slow else again()
        return reviewed_by(review.request, confirmed(answer), fresh)


def with_reserve(until: float) -> float:
    """When to stop waiting, so that there is time left to answer."""
    left = until - time.monotonic()
    return until - min(_MAX_RESERVE_SECONDS, _RESERVED * left)


def reviewed_by(request: Request, answer: Answer, rule_set: RuleSet, told: Answer | None = None) -> Reviewed:
    """The answer, written; `told` is what is written of it, if that is not all."""
    return Reviewed(request, answer, encode(request, told or answer, rule_set, now=time.monotonic()))
