"""Read a VMI from the API server for the review of its launcher pod.

A GET without a resourceVersion is answered from etcd, so one read is enough. It is repeated where the VMI is not found, since one of
several API servers, or a proxy before them, may lag behind the pod; and after a temporary failure.
"""

from collections.abc import Mapping

import structlog

from webhook.admission.answer import SkipReason
from webhook.admission.vmi_source import VMISourceError
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError, needing
from webhook.cluster.clock import CLOCK, Clock
from webhook.cluster.single_flight import SharedReads
from webhook.kube.names import is_dns_name
from webhook.vmi.launcher import read_launcher_vmi

PAUSES = (0.1, 0.3, 0.9)
"""Pauses between reads in seconds, each changed at random by up to a half. The webhook's timeout, usually 5 s, has room for all."""
MAX_READS = 32
"""Limit of concurrent reads; an API server answers a GET within milliseconds."""
READ_SECONDS = 2.0
MAX_RETRY_AFTER_SECONDS = 1.0
"""After a longer `Retry-After` the review does not wait; a busy API server sends 1 s."""

_LOG_SECONDS = 60.0
_NOT_FOUND = "not-found"
_TEMPORARY = frozenset({_NOT_FOUND, "timeout", "too-many-requests", "unavailable"})
_UNREAD: Mapping[str, SkipReason] = {
    "unauthorized": SkipReason.UNAUTHORIZED,
    "forbidden": SkipReason.FORBIDDEN,
    "timeout": SkipReason.TIMEOUT,
    "too-many-requests": SkipReason.TOO_MANY_REQUESTS,
}

log = structlog.get_logger(__name__)


class ClusterVMIs:
    """The VMIs of a cluster."""

    def __init__(self, api: ApiServer, *, clock: Clock = CLOCK, most_reads: int = MAX_READS, read_seconds: float = READ_SECONDS) -> None:
        self._api = api
        self._clock = clock
        self._read_seconds = read_seconds
        self._reads = SharedReads(self._read, most=most_reads)
        self._logged_at: dict[SkipReason, float] = {}

    async def get(self, namespace: str, name: str, uid: str = "") -> bytes | None:
        """The VMI as the API server has it now, or `None` when it does not exist; concurrent calls for one VMI share one read.

        A VMI with another uid is read twice, like one that is not found: an API server may lag, and a stranger cannot tell the two cases
        apart by the time of the answer.

        Raises:
            VMISourceError: The VMI could not be read after all retries.
        """
        if not is_dns_name(namespace) or not is_dns_name(name):
            return None  # no VMI has such a name, and only a name may become part of a path
        try:
            return await self._read_with_retries(f"/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachineinstances/{name}", uid)
        except ApiError as error:
            if error.reason == _NOT_FOUND:
                return None
            reason = _reason(error)
            self._log(reason, error)
            raise VMISourceError(reason, str(error)) from error

    async def _read_with_retries(self, path: str, uid: str) -> bytes:
        """The VMI; "not found" and another uid are believed when they are read twice."""
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
                if error.reason not in _TEMPORARY or misses > 1 or error.retry_after > MAX_RETRY_AFTER_SECONDS:
                    raise
                wait = error.retry_after + pause * (0.5 + self._clock.chance())
            await self._clock.sleep(wait)
        return await self._reads.get(path)

    async def _read(self, path: str) -> bytes:
        with needing("get virtualmachineinstances.kubevirt.io in all namespaces (a ClusterRole and its binding)"):
            return await self._api.get(path, seconds=self._read_seconds)

    def _log(self, reason: SkipReason, error: ApiError) -> None:
        """Log a failure, at most once a minute for each reason."""
        now = self._clock.now()
        if now - self._logged_at.get(reason, float("-inf")) < _LOG_SECONDS:
            return
        self._logged_at[reason] = now
        log.warning("VMIs cannot be read", reason=str(reason), problem=str(error), consequence="launcher pods stay as they are")


def _has_uid(body: bytes, uid: str) -> bool:
    """Whether the VMI has this uid; true where no uid is given."""
    if not uid:
        return True
    vmi = read_launcher_vmi(body)
    return vmi is not None and vmi.metadata.uid == uid


def _reason(error: ApiError) -> SkipReason:
    known = _UNREAD.get(error.reason)
    if known is not None:
        return known
    return SkipReason.UNAVAILABLE if error.status else SkipReason.UNREACHABLE
