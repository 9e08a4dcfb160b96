"""List the objects of a kind page by page, with the memory of one page.

An API server keeps the state of a list for about five minutes; a list that takes longer continues from a newer state.
"""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import msgspec

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.clock import CLOCK, Clock
from webhook.cluster.discovery import decoded
from webhook.kube.metadata import ObjectMeta
from webhook.kube.shape import UNDECODABLE

PAGE_OBJECTS = 200
"""Objects in one page: about 4 MB of VMIs with their status."""

_PAGE_SECONDS = 30.0
_PAUSES_SECONDS = (0.5, 2.0)
_TEMPORARY = frozenset({"too-many-requests", "timeout", "unavailable"})


class Page(NamedTuple):
    """Some objects, as JSON.

    Attributes:
        items: One JSON object each.
        remaining: How many objects follow, as far as the API server says.
        newer_state: Whether the page is from a newer state than the first one; objects that changed in between may be missing.
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


class _Item(msgspec.Struct):
    metadata: ObjectMeta


async def pages(api: ApiServer, path: str, *, limit: int = PAGE_OBJECTS, clock: Clock = CLOCK) -> AsyncIterator[Page]:
    """All objects at a path, each once.

    Raises:
        ApiError: A page cannot be read.
        UnreadableError: A page is no list.
    """
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
    """One page; temporary failures are retried."""
    for pause in _PAUSES_SECONDS:
        try:
            return await api.get(path, query, seconds=_PAGE_SECONDS)
        except ApiError as error:
            if error.reason not in _TEMPORARY or not error.status:
                raise
            wait = max(pause, error.retry_after)
        await clock.sleep(wait)
    return await api.get(path, query, seconds=_PAGE_SECONDS)


def _token_after(error: ApiError) -> str:
    """The token to continue with after a state has expired: the API server sends one for the newest state; without it, from the start.

    Source: kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/storage/etcd3/errors.go (handleExpiredError).
    """
    try:
        return msgspec.json.decode(error.body, type=_List).metadata.continue_
    except UNDECODABLE:
        return ""


def _after(last: str, items: Sequence[msgspec.Raw]) -> Sequence[msgspec.Raw]:
    """The items that come after key `last`: the API server lists by namespace and name, in the order of etcd's keys."""
    return [item for item in items if _key(item) > last]


def _key(item: msgspec.Raw) -> str:
    metadata = decoded(bytes(item), _Item, "an item of a list").metadata
    return f"{metadata.namespace}/{metadata.name}"
