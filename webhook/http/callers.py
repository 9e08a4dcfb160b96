"""Who sent a request, what that caller is told about a VMI, and how often VMIs are read for it.

Any pod that reaches the admission port can send a forged review of a launcher pod, and cause the read of a VMI. A caller that shows a
verified client certificate is the API server. Any other caller proves that it may know a VMI by naming the VMI's uid. Reads that do not
match are limited, for each connection and in all.
"""

import asyncio
from collections import OrderedDict
from typing import NamedTuple

import msgspec
from starlette.types import Scope

from webhook.admission.answer import Answer, SkipReason, skipped
from webhook.admission.vmi_source import VMISourceError

UNMATCHED = frozenset({SkipReason.VMI_NOT_FOUND, SkipReason.VMI_UNREADABLE, SkipReason.UID_MISMATCH})
"""Reasons after which a caller has not proved that it knows a VMI that was read."""
_MAX_CONNECTIONS = 4096


class Caller(NamedTuple):
    """Who sent a request.

    Attributes:
        connection: Address and port of its end of the connection; empty where there is none.
        is_proved: Whether it is known to be the API server.
    """

    connection: str
    is_proved: bool


LOCAL = Caller("", is_proved=True)
"""A command that asks the engine in its own process."""


def caller_of(scope: Scope, *, verifies_clients: bool) -> Caller:
    """The caller of an ASGI request; `verifies_clients` says whether TLS connections show a client certificate."""
    host, port = scope.get("client") or ("", "")
    return Caller(f"{host} {port}", is_proved=verifies_clients and scope.get("scheme") == "https")


def told_to(caller: Caller, answer: Answer) -> Answer:
    """The answer about a pod, whose VMI was read, as far as a caller is told.

    A caller that is not proved is told what it needs to do its part, the patch or the findings, and no reason why there is neither.
    """
    if caller.is_proved:
        return answer
    if answer.reason:
        return skipped(SkipReason.CALLER_NOT_PROVED)
    return msgspec.structs.replace(answer, audit={key: value for key, value in answer.audit.items() if key != "plugins"})


class ReadRates(msgspec.Struct, frozen=True):
    """Reads of VMIs in a second; ten seconds' worth can come at once.

    Attributes:
        unmatched_of_connection: Reads on one connection that find no VMI with the uid that was named.
        unmatched: The same on all connections.
        total: All reads. The API server of a busy cluster creates 200 pods a second, each of which is read for twice or three times.
    """

    unmatched_of_connection: float = 5.0
    unmatched: float = 100.0
    total: float = 1000.0


class _Bucket:
    """So many tokens a second, and ten seconds' worth at most."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._left = 10 * rate
        self._at = now

    def add(self, tokens: float, now: float) -> None:
        self._left = min(10 * self._rate, self._left + (now - self._at) * self._rate + tokens)
        self._at = now

    def has_one(self, now: float) -> bool:
        self.add(0, now)
        return self._left >= 1


class _Connection:
    """What one connection has had read."""

    __slots__ = ("matched", "unmatched")

    def __init__(self, unmatched: _Bucket) -> None:
        self.unmatched = unmatched
        self.matched = False
        """Whether its last read matched."""


class ReadLimiter:
    """Counts the reads of VMIs, and refuses those beyond the rates."""

    def __init__(self, rates: ReadRates | None = None) -> None:
        self._rates = rates or ReadRates()
        self._connections: OrderedDict[str, _Connection] = OrderedDict()
        self._unmatched = _Bucket(self._rates.unmatched, 0.0)
        self._total = _Bucket(self._rates.total, 0.0)

    def begin(self, caller: Caller) -> None:
        """Count a read, as an unmatched one until `end` says otherwise.

        Raises:
            VMISourceError: There were too many; `SkipReason.TOO_MANY_READS`.
        """
        if caller.is_proved:
            return
        now = asyncio.get_running_loop().time()
        connection = self._of(caller, now)
        allowed = connection.matched or (connection.unmatched.has_one(now) and self._unmatched.has_one(now))
        if not allowed or not self._total.has_one(now):
            raise VMISourceError(SkipReason.TOO_MANY_READS)
        self._total.add(-1, now)
        self._count(connection, -1, now)

    def end(self, caller: Caller, *, matched: bool) -> None:
        """A read that was begun has ended."""
        if caller.is_proved:
            return
        now = asyncio.get_running_loop().time()
        connection = self._of(caller, now)
        connection.matched = matched
        if matched:
            self._count(connection, 1, now)

    def _of(self, caller: Caller, now: float) -> _Connection:
        connection = self._connections.pop(caller.connection, None)
        if connection is None:
            connection = _Connection(_Bucket(self._rates.unmatched_of_connection, now))
        self._connections[caller.connection] = connection
        if len(self._connections) > _MAX_CONNECTIONS:
            self._connections.popitem(last=False)
        return connection

    def _count(self, connection: _Connection, tokens: int, now: float) -> None:
        connection.unmatched.add(tokens, now)
        self._unmatched.add(tokens, now)
