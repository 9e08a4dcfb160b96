"""VMIs from the API server: one GET when a pod's review asks for one.

A GET without a resourceVersion is answered from etcd, so one read tells the truth. What is read once more: a VMI that is not found, since
one of several API servers, or a proxy before them, may lag behind the pod; and what failed in a way that may pass.
"""

from collections.abc import Mapping

import structlog

from webhook.admission.vmi_source import Unread, VMISourceError
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError, needing
from webhook.cluster.clock import CLOCK, Clock
from webhook.cluster.single_flight import SharedReads
from webhook.kube.names import is_dns_name
from webhook.vmi.launcher import read_launcher_vmi

PAUSES = (0.1, 0.3, 0.9)
"""Seconds between reads, each made shorter or longer by up to a half. The webhook's own time, 5 s as a rule, has room for all of them."""
MAX_READS = 32
"""So many VMIs are read at one time; an API server answers a GET within milliseconds."""
READ_SECONDS = 2.0
MAX_RETRY_AFTER_SECONDS = 1.0
"""A pod's review does not wait for a server that asks for a longer time; an API server that is too busy asks for 1 s."""

_TELL_SECONDS = 60.0
_NOT_FOUND = "not-found"
_PASSING = frozenset({_NOT_FOUND, "timeout", "too-many-requests", "unavailable"})
_UNREAD: Mapping[str, Unread] = {
    "unauthorized": Unread.UNAUTHORIZED,
    "forbidden": Unread.FORBIDDEN,
    "timeout": Unread.TIMEOUT,
    "too-many-requests": Unread.TOO_MANY_REQUESTS,
}

log = structlog.get_logger(__name__)


class ClusterVMIs:
    """The VMIs of a cluster."""

    def __init__(self, api: ApiServer, *, clock: Clock = CLOCK, most_reads: int = MAX_READS, read_seconds: float = READ_SECONDS) -> None:
        self._api = api
        self._clock = clock
        self._read_seconds = read_seconds
        self._reads = SharedReads(self._read, most=most_reads)
        self._told_at: dict[Unread, float] = {}

    async def get(self, namespace: str, name: str, uid: str = "") -> bytes | None:
        """The VMI as the API server has it now, or `None` when there is none; several calls for one VMI share one read.

        One without that uid is read twice, as is one that is not found: an API server may lag, and strangers learn nothing from the time.

        Raises:
            VMISourceError: It could not be found out, after as many tries as are of use.
        """
        if not is_dns_name(namespace) or not is_dns_name(name):
            return None  # no VMI can be named so; and nothing but a name comes into a path
        try:
            return await self._insisted(f"/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachineinstances/{name}", uid)
        except ApiError as error:
            if error.reason == _NOT_FOUND:
                return None
            reason = _reason(error)
            self._tell(reason, error)
            raise VMISourceError(reason, str(error)) from error

    async def _insisted(self, path: str, uid: str) -> bytes:
        """What is read in the end; that it is not found, or another one, counts when it is said twice."""
        misses = 0
        for pause in PAUSES:
            try:
                body = await self._reads.get(path)
                if misses or _has_uid(body, uid):
                    return body
                misses += 1
                wait = pause * (0.5 + self._clock.chance())
            except ApiError as error:
                misses += error.reason == _NOT_FOUND
                if error.reason not in _PASSING or misses > 1 or error.retry_after > MAX_RETRY_AFTER_SECONDS:
                    raise
                wait = error.retry_after + pause * (0.5 + self._clock.chance())
            await self._clock.sleep(wait)
        return await self._reads.get(path)

    async def _read(self, path: str) -> bytes:
        with needing("get virtualmachineinstances.kubevirt.io in all namespaces (a ClusterRole and its binding)"):
            return await self._api.get(path, seconds=self._read_seconds)

    def _tell(self, reason: Unread, error: ApiError) -> None:
        """Once a minute for each reason: a burst of pods is one trouble."""
        now = self._clock.now()
        if now - self._told_at.get(reason, float("-inf")) < _TELL_SECONDS:
            return
        self._told_at[reason] = now
        log.warning("VMIs cannot be read", reason=str(reason), problem=str(error), consequence="launcher pods stay as they are")


def _has_uid(body: bytes, uid: str) -> bool:
    """Whether it is the VMI that was asked for; any is where no uid was given."""
    if not uid:
        return True
    vmi = read_launcher_vmi(body)
    return vmi is not None and vmi.metadata.uid == uid


def _reason(error: ApiError) -> Unread:
    known = _UNREAD.get(error.reason)
    if known is not None:
        return known
    return Unread.UNAVAILABLE if error.status else Unread.UNREACHABLE
