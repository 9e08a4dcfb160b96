"""The ways to answer a review: allowed, denied or patched. What is wrong with the request itself is an error, not an answer."""

import enum
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from webhook.rules.base import Finding


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
        reason: Why nothing was judged or changed: one of a few fixed words (`delete`, `status`, `unknown-kind`); empty otherwise.
        patch: JSON Patch operations, of a patched answer only.
        audit: Further audit annotations, by key without prefix.
    """

    decision: Decision
    findings: Sequence[Finding] = ()
    reason: str = ""
    patch: Sequence[Mapping[str, Any]] = ()
    audit: Mapping[str, str] = msgspec.field(default_factory=dict)


class ReviewError(Exception):
    """A request body that is no AdmissionReview that can be answered: HTTP 400, with what is wrong and what is read."""
