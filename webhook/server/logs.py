"""What is logged about requests: a constant message with fields. Nothing of the objects themselves but their names."""

import logging

import structlog
from structlog.typing import FilteringBoundLogger

from webhook.admission.answer import Decision
from webhook.kube.text import quoted
from webhook.server.reviewers import Reviewed

_LONGEST_NAME = 253


class RequestLog:
    """Writes one line per denial and per patch at level info: both are the daily work of a webhook, and no trouble of its operator.

    What is allowed is told at debug, what is refused with an HTTP error at warning, our own mistakes at error. Made after logging is
    set up: whether debug is wanted is asked once.
    """

    def __init__(self) -> None:
        self._log: FilteringBoundLogger = structlog.get_logger("webhook.server").bind()
        self._tells_all = self._log.is_enabled_for(logging.DEBUG)

    def answered(self, endpoint: str, reviewed: Reviewed, seconds: float) -> None:
        """Tell of an answered review."""
        decision = reviewed.answer.decision
        if decision is Decision.ALLOWED:
            if self._tells_all:
                self._log.debug("allowed", **_fields(endpoint, reviewed, seconds))
        elif decision is Decision.DENIED:
            self._log.info("denied", **_fields(endpoint, reviewed, seconds))
        else:
            self._log.info("patched", **_fields(endpoint, reviewed, seconds))

    def refused(self, endpoint: str, code: int, message: str, seconds: float) -> None:
        """Tell of a request that got an HTTP error."""
        self._log.warning("refused", endpoint=endpoint, code=code, problem=message, milliseconds=_milliseconds(seconds))

    def cut_off(self, endpoint: str, seconds: float) -> None:
        """Tell of a request whose client went away."""
        self._log.debug("client gone", endpoint=endpoint, milliseconds=_milliseconds(seconds))

    def failed(self, endpoint: str, seconds: float) -> None:
        """Tell of a mistake of ours, with the exception that is being handled."""
        self._log.exception("internal error", endpoint=endpoint, milliseconds=_milliseconds(seconds))


def _fields(endpoint: str, reviewed: Reviewed, seconds: float) -> dict[str, object]:
    request, answer = reviewed.request, reviewed.answer
    return {
        "endpoint": endpoint,
        "uid": _safe(request.uid),
        "operation": _safe(request.operation),
        "kind": _safe(request.kind.kind),
        "namespace": _safe(request.namespace),
        "name": _safe(request.name),
        "user": _safe(request.user_info.username),
        "rules": list(dict.fromkeys(finding.rule for finding in answer.findings)),
        "reason": answer.reason,
        "dry_run": bool(request.dry_run),
        "milliseconds": _milliseconds(seconds),
    }


def _safe(text: str) -> str:
    """A name as it is, unless it could break a line or fill a disk."""
    return text if len(text) <= _LONGEST_NAME and text.isprintable() else quoted(text)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
