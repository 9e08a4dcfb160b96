"""From the body of a review to its answer, as one awaitable per endpoint. Knows no HTTP, but the time that is left."""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Container
from typing import Protocol, TypeAlias

import msgspec

from webhook.admission.answer import Answer
from webhook.admission.confirmation import UnconfirmedError, confirmed, hangs_on_registry, unchecked, unconfirmed
from webhook.admission.pods import POD
from webhook.admission.review import Request
from webhook.admission.rulebook import Rulebook
from webhook.admission.validation import validate
from webhook.admission.verdict import encode

_RESERVED = 0.2
_MOST_RESERVE_SECONDS = 0.25


class Reviewed(msgspec.Struct, frozen=True, gc=False):
    """An answered review: the request, the answer, and the answer's bytes."""

    request: Request
    answer: Answer
    body: bytes


class Reviewer(Protocol):
    """Answers the AdmissionReview in `body` before `until`, in seconds of `time.monotonic()`; `ReviewError` when it is none."""

    async def __call__(self, body: bytes, until: float) -> Reviewed: ...


Confirm: TypeAlias = Callable[[float], Awaitable[Rulebook]]
"""Gives a rulebook of the source's state after the call, at the latest at a time of `time.monotonic()`; else raises `UnconfirmedError`."""


class Validating(msgspec.Struct, frozen=True):
    """What `/validate` does: it waits for nothing, unless a denial hangs on a registry that may have changed since.

    Attributes:
        rulebook: What is judged by now.
        exempt_namespaces: Where nothing is judged.
        confirm: Reads the registry again; `None` where what is judged by cannot lag.
        pods: Answers reviews of pods; without, they are passed as any other kind that holds no VMI spec.
    """

    rulebook: Callable[[], Rulebook]
    exempt_namespaces: Container[str]
    confirm: Confirm | None = None
    pods: Reviewer | None = None

    async def __call__(self, body: bytes, until: float) -> Reviewed:
        rulebook = self.rulebook()
        request, answer = validate(body, rulebook, exempt_namespaces=self.exempt_namespaces)
        if self.pods is not None and request.kind == POD:
            return await self.pods(body, until)
        if self.confirm is not None and hangs_on_registry(answer):
            answer, rulebook = await self._confirmed(functools.partial(self.confirm, with_reserve(until)), body, answer, rulebook)
        if rulebook.unchecked:
            answer = unchecked(request, answer, rulebook)
        return reviewed_by(request, answer, rulebook)

    async def _confirmed(
        self, read: Callable[[], Awaitable[Rulebook]], body: bytes, answer: Answer, rulebook: Rulebook
    ) -> tuple[Answer, Rulebook]:
        """The answer by a registry that was read after the review came, with that registry; else by what is known."""
        await asyncio.sleep(0)  # who has time for a first step only gives up here, before anything was asked
        try:
            fresh = await read()
        except UnconfirmedError:
            return unconfirmed(answer, rulebook.age(time.monotonic())), rulebook
        return confirmed(validate(body, fresh, exempt_namespaces=self.exempt_namespaces)[1]), fresh


def with_reserve(until: float) -> float:
    """When to stop waiting, so that there is time left to answer."""
    left = until - time.monotonic()
    return until - min(_MOST_RESERVE_SECONDS, _RESERVED * left)


def reviewed_by(request: Request, answer: Answer, rulebook: Rulebook) -> Reviewed:
    """The answer, written."""
    return Reviewed(request, answer, encode(request, answer, rulebook, now=time.monotonic()))
