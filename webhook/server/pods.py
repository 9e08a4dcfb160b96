"""What is answered about launcher pods, which need their VMI to be read: what they get, and whether they got it. Knows no HTTP."""

import asyncio
import time
from collections.abc import Callable, Container

import msgspec

from webhook.admission.answer import Answer
from webhook.admission.confirmation import UnconfirmedError, confirmed, hangs_on_registry, unconfirmed
from webhook.admission.mutation import OverheadMode, mutate, unpatched, wanted_vmi
from webhook.admission.pod_validation import validate_pod
from webhook.admission.pods import PodReview
from webhook.admission.rulebook import Rulebook
from webhook.admission.vmi_source import Unread, VMISource, VMISourceError
from webhook.rules.base import Action
from webhook.server.reviewers import Confirm, Reviewed, reviewed_by, with_reserve
from webhook.vmi.launcher import VMIReference


class _Pods(msgspec.Struct, frozen=True):
    """What reads the VMI of a pod.

    Attributes:
        rulebook: What is judged by now.
        vmis: Where VMIs are read.
        mode: What mutation adds.
    """

    rulebook: Callable[[], Rulebook]
    vmis: VMISource
    mode: OverheadMode

    async def _looked_up(
        self, body: bytes, until: float, rulebook: Rulebook, exempt_namespaces: Container[str] = ()
    ) -> tuple[PodReview, bytes | None, Answer | None]:
        """The review with its VMI, `None` when there is none; or with the answer, where no VMI decides that."""
        review, reference, skipped = wanted_vmi(body, self.mode, rulebook.launcher_creators)
        if review.request.namespace in exempt_namespaces:
            return review, None, unpatched("exempt-namespace")
        if reference is None:
            return review, None, unpatched(skipped)
        try:
            return review, await _within(until, self.vmis, reference), None
        except VMISourceError as error:
            return review, None, unpatched(error.reason)


class Mutating(_Pods, frozen=True):
    """What `/mutate` does: one await, for the VMI, between two pure steps."""

    async def __call__(self, body: bytes, until: float) -> Reviewed:
        rulebook = self.rulebook()
        review, vmi, answer = await self._looked_up(body, until, rulebook)
        return reviewed_by(review.request, answer or mutate(review, vmi, rulebook, self.mode), rulebook)


class ValidatingPods(_Pods, frozen=True, kw_only=True):
    """What `/validate` does with launcher pods, when it is asked to: it tells of those that mutation should have changed, and did not.

    Attributes:
        action: Whether a pod that lacks something is denied, or warned of.
        exempt_namespaces: Where nothing is judged.
        confirm: Reads the registry again; `None` where what is judged by cannot lag.
    """

    action: Action
    exempt_namespaces: Container[str]
    confirm: Confirm | None = None

    async def __call__(self, body: bytes, until: float) -> Reviewed:
        rulebook = self.rulebook()
        review, vmi, answer = await self._looked_up(body, until, rulebook, self.exempt_namespaces)
        if answer is not None:
            return reviewed_by(review.request, answer, rulebook)
        answer = validate_pod(review, vmi, rulebook, self.mode, self.action)
        if self.confirm is not None and hangs_on_registry(answer):
            try:
                rulebook = await self.confirm(with_reserve(until))
                answer = confirmed(validate_pod(review, vmi, rulebook, self.mode, self.action))
            except UnconfirmedError:
                answer = unconfirmed(answer, rulebook.age(time.monotonic()))
        return reviewed_by(review.request, answer, rulebook)


async def _within(until: float, vmis: VMISource, wanted: VMIReference) -> bytes | None:
    """The VMI, if it is read early enough to answer by it. A pod must not wait, nor fail, for want of an answer from elsewhere."""
    waiting = asyncio.timeout(with_reserve(until) - time.monotonic())
    try:
        async with waiting:
            return await vmis.get(wanted.namespace, wanted.name)
    except TimeoutError as error:
        if not waiting.expired():
            raise
        told = f"{wanted.namespace}/{wanted.name} was not read within the time of the review"
        raise VMISourceError(Unread.TIMEOUT, told) from error
