"""Log requests and connections: a constant message with fields. Of objects only the names are logged."""

import logging
import time
from collections.abc import Callable

import structlog
from structlog.typing import FilteringBoundLogger

from webhook.admission.answer import Decision
from webhook.http.pool import TurnedAway
from webhook.http.reviewers import Reviewed
from webhook.kube.text import quoted

_MAX_NAME_LENGTH = 253
_MAX_REFUSALS = 10
_SPAN_SECONDS = 10.0


class Limited:
    """Lets so many lines of one sort through in a span of time, and counts those it leaves out."""

    def __init__(self, most: int, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._now = now
        self._begun = now()
        self._lines = 0
        self._left_out = 0

    def take(self) -> dict[str, int] | None:
        """`None` where a line is left out; else fields for it: how many were left out before, if any."""
        now = self._now()
        if now - self._begun >= self._seconds:
            self._begun, self._lines = now, 0
        if self._lines >= self._most:
            self._left_out += 1
            return None
        self._lines += 1
        left_out, self._left_out = self._left_out, 0
        return {"left_out": left_out} if left_out else {}


class ConnectionLog:
    """Writes a line about connections that were turned away, at most one in ten seconds for each reason."""

    def __init__(self, port: str) -> None:
        """`port` is its name: `admission` or `operations`."""
        self._port = port
        self._log: FilteringBoundLogger = structlog.get_logger("webhook.http")
        self._limits = {reason: Limited(1, _SPAN_SECONDS) for reason in TurnedAway}

    def turned_away(self, reason: TurnedAway) -> None:
        """Report a connection that was closed to make room."""
        fields = self._limits[reason].take()
        if fields is not None:
            self._log.warning("connection turned away", port=self._port, reason=reason.value, **fields)


class RequestLog:
    """Writes one line per denial and per patch at level info: both are the daily work of a webhook, and no trouble of its operator.

    What is allowed is told at debug, what is refused with an HTTP error at warning, our own mistakes at error. Made after logging is
    set up: whether debug is wanted is asked once.
    """

    def __init__(self) -> None:
        self._log: FilteringBoundLogger = structlog.get_logger("webhook.http").bind()
        self._refusals = Limited(_MAX_REFUSALS, _SPAN_SECONDS)
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
        """Report a request that got an HTTP error; in ten seconds at most ten of them, so that no stranger can fill the log."""
        fields = self._refusals.take()
        if fields is not None:
            self._log.warning("refused", endpoint=endpoint, code=code, problem=message, milliseconds=_milliseconds(seconds), **fields)

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
    return text if len(text) <= _MAX_NAME_LENGTH and text.isprintable() else quoted(text)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
