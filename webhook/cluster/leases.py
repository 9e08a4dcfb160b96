"""Leader election with a Lease: at most one of several processes does the work.

The rules are those of client-go (tools/leaderelection): a Lease has expired when this process has seen it unchanged for its duration, by
this process's own clock. The times written in a Lease are for people and are never compared with a clock.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.clock import CLOCK, Clock
from webhook.cluster.object_client import NamedObject
from webhook.kube.metadata import ObjectMeta
from webhook.kube.shape import UNDECODABLE

log = structlog.get_logger(__name__)

LEASE_SECONDS = 15
RENEW_SECONDS = 10.0
"""A leader that could not renew for this long has stopped its work, before another candidate can take the Lease."""
RETRY_SECONDS = 2.0

_MAX_LEASE_SECONDS = 60
_MAX_TRANSITIONS = 2**31 - 1
"""The API server refuses a larger number, and then no candidate could ever lead again."""
_RELEASE_SECONDS = 2.0
_STOPPED = "stopped"
_EMPTY = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}


class ElectionRecord(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The spec of a Lease; every field may be missing."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class Election:
    """One candidate.

    Attributes:
        identity: Its name, unique for each process.
        holder: The holder's identity when the Lease was last read; empty when there was none.
        problem: Why the last call failed; `None` when it succeeded.
    """

    def __init__(  # noqa: PLR0913 - all by keyword, called in one place
        self,
        server: ApiServer,
        *,
        namespace: str,
        name: str,
        identity: str,
        unfit: Callable[[], str | None] = lambda: None,
        clock: Clock = CLOCK,
    ) -> None:
        """Prepare a candidate; `run` starts it.

        Args:
            server: The API server that has the Lease.
            namespace: Namespace of the Lease.
            name: Name of the Lease.
            identity: Name of this candidate.
            unfit: Returns why this process should not lead now, or `None` when it may.
            clock: Time and sleeping.
        """
        collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._lease = NamedObject(server, collection=collection, namespace=namespace, name=name, empty=_EMPTY)
        self._unfit = unfit
        self._clock = clock
        self._seen = ElectionRecord()
        self._seen_at = float("-inf")
        self._leads_until = float("-inf")
        self.identity = identity
        self.holder = ""
        self.problem: str | None = None
        self._logged_kind = ""

    @property
    def leads(self) -> bool:
        """Whether this process leads, and may do the work, now."""
        return self._clock.now() < self._leads_until

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Try to lead until cancelled, and run `work`, which never returns by itself, while leading; release the Lease at the end."""
        try:
            while True:
                if self._unfit() is None and await self._try(RENEW_SECONDS / 2):
                    await self._lead(work)
                await self._clock.sleep(RETRY_SECONDS)
        finally:
            await self._release()

    async def _lead(self, work: Callable[[], Awaitable[None]]) -> None:
        log.info("became leader", lease=self._lease.place, identity=self.identity)
        working = asyncio.ensure_future(work())
        try:
            while self.leads and self._unfit() is None and not working.done():
                await self._clock.sleep(min(RETRY_SECONDS, self._left()))
                if self.leads:
                    await self._try(min(RENEW_SECONDS / 2, self._left()))
        finally:
            working.cancel()
            await asyncio.wait({working})
            reason = self._end_reason(working)
            write = log.info if reason == _STOPPED else log.warning
            write("no longer leader", lease=self._lease.place, identity=self.identity, reason=reason)
        await self._release()

    def _left(self) -> float:
        return max(0.01, self._leads_until - self._clock.now())

    def _end_reason(self, working: "asyncio.Future[None]") -> str:
        if not working.cancelled() and (failure := working.exception()) is not None:
            return f"the work failed: {type(failure).__name__}: {failure}"
        if self.leads:
            return self._unfit() or _STOPPED
        return self.problem or f"{self.holder} has taken it"

    async def _try(self, seconds: float) -> bool:
        """Acquire or renew the Lease; returns whether this process leads now. The time it may lead starts before the call."""
        asked_at = self._clock.now()
        try:
            version, spec = await self._read(seconds)
            if spec.holder_identity in (self.identity, None, "") or self._has_expired(spec):
                await self._write(self._claim(spec), version, seconds)
                self._leads_until = asked_at + RENEW_SECONDS
            else:
                self._leads_until = float("-inf")
            self._report(None)
        except ApiError as error:
            self._report(None if error.reason == "conflict" else error)  # another candidate was quicker: the next read says which
        return self.leads

    async def _read(self, seconds: float) -> tuple[str, ElectionRecord]:
        """The resourceVersion and spec of the Lease, which is created if it is missing; remembers since when it is unchanged."""
        raw = await self._lease.read(seconds=seconds)
        if raw is None:
            await self._lease.make(seconds=seconds)
            raw = await self._lease.read(seconds=seconds) or b"{}"
        try:
            read = _decode(raw)
        except UNDECODABLE as error:
            raise self._lease.unreadable(error) from error
        spec = read.spec or ElectionRecord()
        self._note(spec)
        return read.metadata.resource_version, spec

    def _note(self, spec: ElectionRecord) -> None:
        self.holder = spec.holder_identity or ""
        if spec != self._seen:
            self._seen, self._seen_at = spec, self._clock.now()

    def _has_expired(self, spec: ElectionRecord) -> bool:
        duration = LEASE_SECONDS if spec.lease_duration_seconds is None else spec.lease_duration_seconds
        return self._clock.now() >= self._seen_at + min(max(duration, 1), _MAX_LEASE_SECONDS)

    def _claim(self, before: ElectionRecord) -> ElectionRecord:
        now, renews = self._micro_time(), before.holder_identity == self.identity
        return ElectionRecord(
            holder_identity=self.identity,
            lease_duration_seconds=LEASE_SECONDS,
            acquire_time=before.acquire_time if renews else now,
            renew_time=now,
            lease_transitions=min((before.lease_transitions or 0) + (not renews), _MAX_TRANSITIONS),
        )

    async def _write(self, spec: ElectionRecord, version: str, seconds: float) -> None:
        await self._lease.change({"spec": spec}, version, metadata={}, seconds=seconds)
        self._note(spec)

    async def _release(self) -> None:
        """Let another candidate lead at once; when this fails, it can lead when the Lease has expired."""
        if not self.leads:
            return
        self._leads_until = float("-inf")
        with contextlib.suppress(ApiError):
            version, spec = await self._read(_RELEASE_SECONDS)
            if spec.holder_identity == self.identity:
                await self._write(
                    ElectionRecord("", 1, spec.acquire_time, self._micro_time(), spec.lease_transitions), version, _RELEASE_SECONDS
                )

    def _micro_time(self) -> str:
        """The time of day as Kubernetes' `MicroTime`."""
        return self._clock.utc().isoformat(timespec="microseconds").replace("+00:00", "Z")

    def _report(self, error: ApiError | None) -> None:
        """Remember the outcome of a call, and log a failure unless the call before failed in the same way."""
        if error is not None and error.kind != self._logged_kind:
            log.warning("election failed", lease=self._lease.place, problem=str(error))
        self._logged_kind = "" if error is None else error.kind
        self.problem = None if error is None else str(error)


class _Lease(msgspec.Struct):
    metadata: ObjectMeta = ObjectMeta()
    spec: ElectionRecord | None = None


_decode = msgspec.json.Decoder(_Lease).decode
