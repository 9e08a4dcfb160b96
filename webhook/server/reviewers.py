"""From the body of a review to its answer, as one awaitable per endpoint. Knows no HTTP, but the time that is left."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from webhook.admission.answer import Answer
from webhook.admission.mutation import OverheadMode, mutate, unpatched, wanted_vmi
from webhook.admission.review import Request
from webhook.admission.rulebook import Rulebook
from webhook.admission.validation import validate
from webhook.admission.verdict import encode
from webhook.admission.vmi_source import VMISource, VMISourceError
from webhook.server.reply import RefusedError
from webhook.vmi.launcher import VMIReference


class Reviewed(msgspec.Struct, frozen=True, gc=False):
    """An answered review: the request, the answer, and the answer's bytes."""

    request: Request
    answer: Answer
    body: bytes


class Reviewer(Protocol):
    """Answers the AdmissionReview in `body` before `until`, in seconds of `time.monotonic()`; `ReviewError` when it is none."""

    async def __call__(self, body: bytes, until: float) -> Reviewed: ...


class Validating(msgspec.Struct, frozen=True):
    """What `/validate` does."""

    rulebook: Callable[[], Rulebook]
    exempt_namespaces: frozenset[str]

    async def __call__(self, body: bytes, until: float) -> Reviewed:  # noqa: ARG002 - it waits for nothing
        rulebook = self.rulebook()
        request, answer = validate(body, rulebook, exempt_namespaces=self.exempt_namespaces)
        return _reviewed(request, answer, rulebook)


class Mutating(msgspec.Struct, frozen=True):
    """What `/mutate` does: one await, for the VMI, between two pure steps."""

    rulebook: Callable[[], Rulebook]
    vmis: VMISource
    mode: OverheadMode

    async def __call__(self, body: bytes, until: float) -> Reviewed:
        review, reference, skipped = wanted_vmi(body, self.mode)
        rulebook = self.rulebook()
        if reference is None:
            return _reviewed(review.request, unpatched(skipped), rulebook)
        try:
            vmi = await _within(until, self.vmis, reference)
        except VMISourceError as error:
            return _reviewed(review.request, unpatched(error.reason), rulebook)
        return _reviewed(review.request, mutate(review, vmi, rulebook, self.mode), rulebook)


async def _within(until: float, vmis: VMISource, wanted: VMIReference) -> bytes | None:
    waiting = asyncio.timeout(until - time.monotonic())
    try:
        async with waiting:
            return await vmis.get(wanted.namespace, wanted.name)
    except TimeoutError as error:
        if not waiting.expired():
            raise
        raise RefusedError(
            504, f"VirtualMachineInstance {wanted.namespace}/{wanted.name} could not be read within the time of the review"
        ) from error


def _reviewed(request: Request, answer: Answer, rulebook: Rulebook) -> Reviewed:
    return Reviewed(request, answer, encode(request, answer, rulebook, now=time.monotonic()))
