"""What is answered about launcher pods, which need their VMI to be read: what they get, and whether they got it."""

import abc
import asyncio
import functools
import time
from collections.abc import Callable, Container

import msgspec

from webhook.admission.answer import Answer, SkipReason, skipped
from webhook.admission.confirmation import UnconfirmedError, confirmed, depends_on_registry, unconfirmed
from webhook.admission.mutation import mutate
from webhook.admission.pod_validation import validate_pod
from webhook.admission.pods import OverheadMode, PodReview, VMIReference, open_pod_review
from webhook.admission.rule_set import RuleSet
from webhook.admission.vmi_source import VMISource, VMISourceError
from webhook.http.callers import UNMATCHED, Caller, ReadLimiter, told_to
from webhook.http.large import check_values
from webhook.http.reviewers import Confirm, Reviewed, Unfinished, reviewed_by, with_reserve
from webhook.rules.base import Action


class _Pods(msgspec.Struct, frozen=True):
    """What reads the VMI of a pod.

    Attributes:
        rule_set: What objects are checked against now.
        vmis: Where VMIs are read.
        mode: What mutation adds.
        exempt_namespaces: Where nothing is done.
        limiter: Bounds how often VMIs are read.
    """

    rule_set: Callable[[], RuleSet]
    vmis: VMISource
    mode: OverheadMode
    exempt_namespaces: Container[str] = frozenset()
    limiter: ReadLimiter = msgspec.field(default_factory=ReadLimiter)

    def begin(self, body: bytes) -> Reviewed | Unfinished:
        """Find out which VMI is to be read; where none is, the answer is known."""
        check_values(body)
        rule_set = self.rule_set()
        review = open_pod_review(body, self.mode, rule_set.launcher_creators)
        if review.request.namespace in self.exempt_namespaces:
            return reviewed_by(review.request, skipped(SkipReason.EXEMPT_NAMESPACE), rule_set)
        if isinstance(review.vmi, SkipReason):
            return reviewed_by(review.request, skipped(review.vmi), rule_set)
        return functools.partial(self._read, review.vmi, review, rule_set)

    async def _read(self, reference: VMIReference, review: PodReview, rule_set: RuleSet, until: float, caller: Caller) -> Reviewed:
        matched = False
        try:
            self.limiter.begin(caller)
            try:
                vmi = await _within(until, self.vmis, reference)
                answer, rule_set = await self._answered(review, vmi, rule_set, until)
                matched = answer.reason not in UNMATCHED
            finally:
                self.limiter.end(caller, matched=matched)
        except VMISourceError as error:
            answer = skipped(error.reason)
        return reviewed_by(review.request, answer, rule_set, told_to(caller, answer))

    @abc.abstractmethod
    async def _answered(self, review: PodReview, vmi: bytes | None, rule_set: RuleSet, until: float) -> tuple[Answer, RuleSet]:
        """The answer by the VMI, `None` when there is none, and the rule set that it was made by."""


class Mutating(_Pods, frozen=True):
    """What `/mutate` does: one await, for the VMI, between two pure steps."""

    async def _answered(self, review: PodReview, vmi: bytes | None, rule_set: RuleSet, until: float) -> tuple[Answer, RuleSet]:  # noqa: ARG002 - nothing more is waited for
        return mutate(review, vmi, rule_set, self.mode), rule_set


class ValidatingPods(_Pods, frozen=True, kw_only=True):
    """What `/validate` does with launcher pods, when it is asked to: it tells of those that mutation should have changed, and did not.

    Attributes:
        action: Whether a pod that lacks something is denied, or warned of.
        confirm: Reads the registry again; `None` where the registry in service cannot lag.
    """

    action: Action
    confirm: Confirm | None = None

    async def _answered(self, review: PodReview, vmi: bytes | None, rule_set: RuleSet, until: float) -> tuple[Answer, RuleSet]:
        answer = validate_pod(review, vmi, rule_set, self.mode, self.action)
        if self.confirm is None or not depends_on_registry(answer):
            return answer, rule_set
        try:
            fresh = await self.confirm(with_reserve(until))
        except UnconfirmedError:
            return unconfirmed(answer, rule_set.age(time.monotonic())), rule_set
        if not fresh.evaluates_like(rule_set):
            answer = validate_pod(review, vmi, fresh, self.mode, self.action)
        return confirmed(answer), fresh


async def _within(until: float, vmis: VMISource, wanted: VMIReference) -> bytes | None:
    """The VMI, if it is read early enough to answer by it. A pod must not wait, nor fail, for want of an answer from elsewhere."""
    waiting = asyncio.timeout(with_reserve(until) - time.monotonic())
    try:
        async with waiting:
            return await vmis.get(wanted.namespace, wanted.name, wanted.uid)
    except TimeoutError as error:
        if not waiting.expired():
            raise
        told = f"{wanted.namespace}/{wanted.name} was not read within the time of the review"
        raise VMISourceError(SkipReason.TIMEOUT, told) from error
