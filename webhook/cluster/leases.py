"""Leader election by a Lease: at most one of several processes does some work.

The rules are those of client-go (tools/leaderelection): a Lease has run out when this process has seen it unchanged for as long as it
says, by this process's own clock. The times written in it are for people; they are never compared with a clock.
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
from webhook.kube.shape import UNDECODABLE

log = structlog.get_logger(__name__)

LEASE_SECONDS = 15
RENEW_SECONDS = 10.0
"""A leader that could not renew for so long has stopped its work, before anybody else can begin it."""
RETRY_SECONDS = 2.0

_MAX_LEASE_SECONDS = 60
_MAX_TRANSITIONS = 2**31 - 1
"""More an API server does not take, and then nobody could ever lead again."""
_RELEASE_SECONDS = 2.0
_STOPPED = "told to stop"
_EMPTY = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}


class Spec(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a Lease says; every field may be missing."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class Election:
    """One candidate.

    Attributes:
        identity: Its name, another for each process.
        holder: Who held the Lease when it was last seen; empty when nobody did.
        problem: Why the last call failed; `None` when it did not.
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
        """Prepare to stand for election.

        Args:
            server: Where the Lease is.
            namespace: Its namespace.
            name: Its name.
            identity: Name of this candidate.
            unfit: Why this process should not lead now; `None` when it may.
            clock: Time, and waiting.
        """
        collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._lease = NamedObject(server, collection=collection, namespace=namespace, name=name, empty=_EMPTY)
        self._unfit = unfit
        self._clock = clock
        self._seen = Spec()
        self._seen_at = float("-inf")
        self._leads_until = float("-inf")
        self.identity = identity
        self.holder = ""
        self.problem: str | None = None
        self._told = ""

    @property
    def leads(self) -> bool:
        """Whether this process may do the work now."""
        return self._clock.now() < self._leads_until

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Stand for election for ever, and do the work, which is endless too, while elected; cancelled, give the Lease back."""
        try:
            while True:
                if self._unfit() is None and await self._try(RENEW_SECONDS / 2):
                    await self._lead(work)
                await self._clock.sleep(RETRY_SECONDS)
        finally:
            await self._release()

    async def _lead(self, work: Callable[[], Awaitable[None]]) -> None:
        log.info("leads", lease=self._lease.place, identity=self.identity)
        working = asyncio.ensure_future(work())
        try:
            while self.leads and self._unfit() is None and not working.done():
                await self._clock.sleep(min(RETRY_SECONDS, self._left()))
                if self.leads:
                    await self._try(min(RENEW_SECONDS / 2, self._left()))
        finally:
            working.cancel()
            await asyncio.wait({working})
            reason = self._why_not(working)
            tell = log.info if reason == _STOPPED else log.warning
            tell("leads no more", lease=self._lease.place, identity=self.identity, reason=reason)
        await self._release()

    def _left(self) -> float:
        return max(0.01, self._leads_until - self._clock.now())

    def _why_not(self, working: "asyncio.Future[None]") -> str:
        if not working.cancelled() and (failure := working.exception()) is not None:
            return f"the work failed: {type(failure).__name__}: {failure}"
        if self.leads:
            return self._unfit() or _STOPPED
        return self.problem or f"{self.holder} has taken it"

    async def _try(self, seconds: float) -> bool:
        """Take or renew; whether this process leads now. The time it may lead counts from before the call."""
        asked_at = self._clock.now()
        try:
            if await self._took(seconds):
                self._leads_until = asked_at + RENEW_SECONDS
            self._tell(None)
        except ApiError as error:
            self._tell(None if error.reason == "conflict" else error)  # another was quicker: the next look tells who
        return self.leads

    async def _took(self, seconds: float) -> bool:
        version, spec = await self._look(seconds)
        if spec.holder_identity not in (self.identity, None, "") and not self._has_run_out(spec):
            self._leads_until = float("-inf")
            return False
        await self._write(self._claim(spec), version, seconds)
        return True

    async def _look(self, seconds: float) -> tuple[str, Spec]:
        """The Lease of now, made if need be; from when on it has been as it is, is remembered."""
        raw = await self._lease.read(seconds=seconds)
        if raw is None:
            await self._lease.make(seconds=seconds)
            raw = await self._lease.read(seconds=seconds) or b"{}"
        try:
            read = _decode(raw)
        except UNDECODABLE as error:
            raise self._lease.unreadable(error) from error
        spec = read.spec or Spec()
        self._note(spec)
        return read.metadata.resource_version, spec

    def _note(self, spec: Spec) -> None:
        self.holder = spec.holder_identity or ""
        if spec != self._seen:
            self._seen, self._seen_at = spec, self._clock.now()

    def _has_run_out(self, spec: Spec) -> bool:
        told = LEASE_SECONDS if spec.lease_duration_seconds is None else spec.lease_duration_seconds
        return self._clock.now() >= self._seen_at + min(max(told, 1), _MAX_LEASE_SECONDS)

    def _claim(self, before: Spec) -> Spec:
        now, renews = self._told_time(), before.holder_identity == self.identity
        return Spec(
            holder_identity=self.identity,
            lease_duration_seconds=LEASE_SECONDS,
            acquire_time=before.acquire_time if renews else now,
            renew_time=now,
            lease_transitions=min((before.lease_transitions or 0) + (not renews), _MAX_TRANSITIONS),
        )

    async def _write(self, spec: Spec, version: str, seconds: float) -> None:
        await self._lease.change({"spec": spec}, version, metadata={}, seconds=seconds)
        self._note(spec)

    async def _release(self) -> None:
        """Let another begin at once; when that fails, he begins when the Lease has run out."""
        if not self.leads:
            return
        self._leads_until = float("-inf")
        with contextlib.suppress(ApiError):
            version, spec = await self._look(_RELEASE_SECONDS)
            if spec.holder_identity == self.identity:
                await self._write(Spec("", 1, spec.acquire_time, self._told_time(), spec.lease_transitions), version, _RELEASE_SECONDS)

    def _told_time(self) -> str:
        return self._clock.utc().isoformat(timespec="microseconds").replace("+00:00", "Z")

    def _tell(self, error: ApiError | None) -> None:
        if error is not None and error.kind != self._told:
            log.warning("election failed", lease=self._lease.place, problem=str(error))
        self._told = "" if error is None else error.kind
        self.problem = None if error is None else str(error)


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _Lease(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    spec: Spec | None = None


_decode = msgspec.json.Decoder(_Lease).decode
