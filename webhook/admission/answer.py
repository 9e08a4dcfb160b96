"""The ways to answer a review: allowed, denied or patched. What is wrong with the request itself is an error, not an answer."""

import enum
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from webhook.rules.base import Action, Finding


class Decision(enum.StrEnum):
    """What is answered."""

    ALLOWED = "allowed"
    DENIED = "denied"
    PATCHED = "patched"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, with what logs and metrics tell about it.

    Attributes:
        decision: What is answered.
        findings: What the rules found, denials first, each with the severity that counted here (an UPDATE may soften it).
        reason: Why nothing was checked or changed: one of a few fixed words (`delete`, `status`, `unknown-kind`); empty otherwise.
        patch: JSON Patch operations, of a patched answer only.
        audit: Further audit annotations, by key without prefix.
    """

    decision: Decision
    findings: Sequence[Finding] = ()
    reason: str = ""
    patch: Sequence[Mapping[str, Any]] = ()
    audit: Mapping[str, str] = msgspec.field(default_factory=dict)


_CLEAN = Answer(decision=Decision.ALLOWED)


def answer_of(findings: Sequence[Finding]) -> Answer:
    """Denied when one of the findings denies; those that do come first."""
    if not findings:
        return _CLEAN
    denials = [finding for finding in findings if finding.severity is Action.DENY]
    if not denials:
        return Answer(decision=Decision.ALLOWED, findings=findings)
    warnings = [finding for finding in findings if finding.severity is not Action.DENY]
    return Answer(decision=Decision.DENIED, findings=[*denials, *warnings])


class ReviewError(Exception):
    """A request body that is no AdmissionReview that can be answered: HTTP 400, with what is wrong and what is read."""
