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


class SkipReason(enum.StrEnum):
    """Why an object was not checked, or a pod stays as it is: the words of audit annotations, logs and metrics (docs/request.md)."""

    # what the request says about itself
    DELETE = "delete"
    CONNECT = "connect"
    STATUS = "status"
    SCALE = "scale"
    SUBRESOURCE = "subresource"
    UNKNOWN_KIND = "unknown-kind"
    EXEMPT_NAMESPACE = "exempt-namespace"
    # what the object says
    DELETING = "deleting"
    UNCHANGED = "unchanged"
    # which pods have a VMI that is read
    MODE_OFF = "mode-off"
    NOT_CREATE = "not-create"
    NOT_A_POD = "not-a-pod"
    NOT_A_LAUNCHER = "not-a-launcher"
    UNKNOWN_REQUESTER = "unknown-requester"
    NO_VMI_OWNER = "no-vmi-owner"
    CREATED_BY_MISMATCH = "created-by-mismatch"
    NO_COMPUTE_CONTAINER = "no-compute-container"
    # reading the VMI
    NO_VMI_SOURCE = "no-vmi-source"
    TIMEOUT = "timeout"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    TOO_MANY_REQUESTS = "too-many-requests"
    UNREACHABLE = "unreachable"
    UNAVAILABLE = "unavailable"
    VMI_NOT_FOUND = "vmi-not-found"
    VMI_UNREADABLE = "vmi-unreadable"
    UID_MISMATCH = "uid-mismatch"
    TOO_MANY_READS = "too-many-reads"
    # what a caller is told in place of a reason that depends on a VMI
    CALLER_NOT_PROVED = "caller-not-proved"
    # the overhead that is due
    NO_PLUGINS = "no-plugins"
    NOTHING_DECLARED = "nothing-declared"
    COUNTED_BY_KUBEVIRT = "counted-by-kubevirt"
    NOT_PROVABLE = "not-provable"
    NOT_APPLICABLE = "not-applicable"
    ALREADY_ADDED = "already-added"
    UNREADABLE_QUANTITY = "unreadable-quantity"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, with what logs and metrics tell about it.

    Attributes:
        decision: What is answered.
        findings: What the rules found, denials first, each with the severity that counted here (an UPDATE may soften it).
        reason: Why nothing was checked or changed: a `SkipReason`; empty otherwise.
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


def skipped(reason: SkipReason, problem: str = "") -> Answer:
    """Allowed without a check or a change; `problem` says more for the audit log."""
    return Answer(decision=Decision.ALLOWED, reason=reason, audit={"problem": problem} if problem else {})


class ReviewError(Exception):
    """A request body that is no AdmissionReview that can be answered: HTTP 400, with what is wrong and what is read."""
