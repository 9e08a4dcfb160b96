"""What a cluster holds of a kind: the version it serves, and its objects page by page. Does not know which kinds, and judges nothing.

Memory is that of one page. An API server keeps a state for about five minutes; a listing that takes longer goes on from a newer one.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from webhook.cluster.api import ApiServer
from webhook.cluster.problem import ApiError
from webhook.errors import UnreadableError

T = TypeVar("T", bound=msgspec.Struct)

PAGE_OBJECTS = 200
"""Objects of one page: about 4 MB of VMIs with their status."""

_PAGE_SECONDS = 30.0
_PAUSES_SECONDS = (0.5, 2.0)
_PASSING = frozenset({"too-many-requests", "timeout", "unavailable"})


class Resource(NamedTuple):
    """A kind as the cluster serves it."""

    group: str
    version: str
    plural: str
    kind: str

    @property
    def api_version(self) -> str:
        """As objects carry it."""
        return f"{self.group}/{self.version}"

    def path(self, namespace: str | None) -> str:
        """Where its objects are, in one namespace or in all."""
        within = f"/namespaces/{namespace}" if namespace is not None else ""
        return f"/apis/{self.api_version}{within}/{self.plural}"


class Served(NamedTuple):
    """What discovery tells of a kind.

    Attributes:
        resource: How to list it; `None` when the cluster does not serve it in a version that was asked for.
        versions: The versions of its group that the cluster serves; empty when there is no such group.
    """

    resource: Resource | None
    versions: tuple[str, ...]


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


class _Version(msgspec.Struct):
    version: str


class _Group(msgspec.Struct):
    versions: list[_Version]


class _Resource(msgspec.Struct):
    name: str
    kind: str


class _Resources(msgspec.Struct):
    resources: list[_Resource] | None = None


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


class Discovery:
    """What one API server serves; each group is asked for once."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api
        self._groups: dict[str, tuple[str, ...]] = {}
        self._kinds: dict[str, dict[str, str]] = {}

    async def served(self, group: str, kind: str, versions: Sequence[str]) -> Served:
        """How `kind` is served, in the first of `versions` that is."""
        if group not in self._groups:
            self._groups[group] = await self._versions(group)
        served = self._groups[group]
        for version in versions:
            if version in served:
                plural = (await self._plurals(f"{group}/{version}")).get(kind)
                if plural is not None:
                    return Served(Resource(group, version, plural, kind), served)
        return Served(None, served)

    async def _versions(self, group: str) -> tuple[str, ...]:
        try:
            body = await self._api.get(f"/apis/{group}")
        except ApiError as error:
            if error.reason == "not-found":
                return ()
            raise
        return tuple(each.version for each in _decoded(body, _Group, f"/apis/{group}").versions)

    async def _plurals(self, api_version: str) -> dict[str, str]:
        if api_version not in self._kinds:
            path = f"/apis/{api_version}"
            found = _decoded(await self._api.get(path), _Resources, path).resources or ()
            self._kinds[api_version] = {each.kind: each.name for each in found if "/" not in each.name}  # `virtualmachines/status` is none
        return self._kinds[api_version]


async def pages(api: ApiServer, path: str, *, limit: int = PAGE_OBJECTS) -> AsyncIterator[Page]:
    """All objects at a path, each once. `ApiError` when a page cannot be had, `UnreadableError` when it is no list."""
    token, last, newer_state, stalled = "", "", False, False
    while True:
        try:
            found = _decoded(await _page(api, path, {"limit": str(limit)} | ({"continue": token} if token else {})), _List, path)
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


async def _page(api: ApiServer, path: str, query: dict[str, str]) -> bytes:
    """One page; what may pass is waited for."""
    for pause in _PAUSES_SECONDS:
        try:
            return await api.get(path, query, seconds=_PAGE_SECONDS)
        except ApiError as error:
            if error.reason not in _PASSING or not error.status:
                raise
        await asyncio.sleep(pause)
    return await api.get(path, query, seconds=_PAGE_SECONDS)


def _token_after(error: ApiError) -> str:
    """Where to go on after a state has expired: the API server sends a token that continues in the newest one; without it, from the start.

    Source: kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/storage/etcd3/errors.go (handleExpiredError).
    """
    try:
        return msgspec.json.decode(error.body, type=_List).metadata.continue_
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _after(last: str, items: Sequence[msgspec.Raw]) -> Sequence[msgspec.Raw]:
    """The items that were not given yet: the API server lists by namespace and name, in the order of etcd's keys."""
    return [item for item in items if _key(item) > last]


def _key(item: msgspec.Raw) -> str:
    metadata = _decoded(bytes(item), _Item, "an item of a list").metadata
    return f"{metadata.namespace}/{metadata.name}"


def _decoded(body: bytes, type_: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(f"{what}: the API server's answer cannot be read: {error}") from error
