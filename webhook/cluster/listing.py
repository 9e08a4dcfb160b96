"""What a cluster holds of a kind, page by page.

Memory is that of one page. An API server keeps a state for about five minutes; a listing that takes longer goes on from a newer one.
"""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import msgspec

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.clock import CLOCK, Clock
from webhook.cluster.discovery import decoded
from webhook.kube.shape import UNDECODABLE

PAGE_OBJECTS = 200
"""Objects of one page: about 4 MB of VMIs with their status."""

_PAGE_SECONDS = 30.0
_PAUSES_SECONDS = (0.5, 2.0)
_PASSING = frozenset({"too-many-requests", "timeout", "unavailable"})


class Page(NamedTuple):
    """Some objects, as JSON.

    Attributes:
        items: One JSON object each.
        remaining: How many are still to come, as far as the API server tells.
        newer_state: Whether they are of a newer state than the first page: what changed in between may be missing.
    """

    items: Sequence[msgspec.Raw]
    remaining: int
    newer_state: bool


class _ListMetadata(msgspec.Struct, rename="camel"):
    continue_: str = msgspec.field(default="", name="continue")
    remaining_item_count: int | None = None


class _List(msgspec.Struct):
    metadata: _ListMetadata = msgspec.field(default_factory=_ListMetadata)
    items: list[msgspec.Raw] | None = None


class _Metadata(msgspec.Struct):
    name: str = ""
    namespace: str = ""


class _Item(msgspec.Struct):
    metadata: _Metadata


async def pages(api: ApiServer, path: str, *, limit: int = PAGE_OBJECTS, clock: Clock = CLOCK) -> AsyncIterator[Page]:
    """All objects at a path, each once. `ApiError` when a page cannot be had, `UnreadableError` when it is no list."""
    token, last, newer_state, stalled = "", "", False, False
    while True:
        try:
            query = {"limit": str(limit)} | ({"continue": token} if token else {})
            found = decoded(await _page(api, path, query, clock), _List, path)
        except ApiError as error:
            if error.reason != "gone" or not token or stalled:
                raise
            token, newer_state, stalled = _token_after(error), True, True
            continue
        items = _after(last, found.items or []) if newer_state else found.items or []
        if items:
            last, stalled = _key(items[-1]), False
            yield Page(items, found.metadata.remaining_item_count or 0, newer_state)
        token = found.metadata.continue_
        if not token:
            return


async def _page(api: ApiServer, path: str, query: dict[str, str], clock: Clock) -> bytes:
    """One page; what may pass is waited for."""
    for pause in _PAUSES_SECONDS:
        try:
            return await api.get(path, query, seconds=_PAGE_SECONDS)
        except ApiError as error:
            if error.reason not in _PASSING or not error.status:
                raise
            wait = max(pause, error.retry_after)
        await clock.sleep(wait)
    return await api.get(path, query, seconds=_PAGE_SECONDS)


def _token_after(error: ApiError) -> str:
    """Where to go on after a state has expired: the API server sends a token that continues in the newest one; without it, from the start.

    Source: kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/storage/etcd3/errors.go (handleExpiredError).
    """
    try:
        return msgspec.json.decode(error.body, type=_List).metadata.continue_
    except UNDECODABLE:
        return ""


def _after(last: str, items: Sequence[msgspec.Raw]) -> Sequence[msgspec.Raw]:
    """The items that were not given yet: the API server lists by namespace and name, in the order of etcd's keys."""
    return [item for item in items if _key(item) > last]


def _key(item: msgspec.Raw) -> str:
    metadata = decoded(bytes(item), _Item, "an item of a list").metadata
    return f"{metadata.namespace}/{metadata.name}"
