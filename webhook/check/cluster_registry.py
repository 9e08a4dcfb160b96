"""Read the registry of a cluster once, from its active KubeVirt CR."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from webhook.check.settings import Access
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.connection import connect
from webhook.cluster.discovery import Resource
from webhook.cluster.hints import explained, not_listed
from webhook.cluster.kubevirts import PATH, EffectiveCR, State, effective_cr, not_installed
from webhook.cluster.listing import pages
from webhook.errors import RegistryError, UnreadableError
from webhook.kube.shape import UNDECODABLE
from webhook.plugins.sources import LoadedRegistry

T = TypeVar("T")

_KUBEVIRTS = Resource("kubevirt.io", "v1", "kubevirts", "KubeVirt")
_OR_A_FILE = "or check against a file, with bindguard check --registry FILE"


class LiveKubeVirt(NamedTuple):
    """The active KubeVirt CR of a cluster.

    Attributes:
        obj: The CR.
        loaded: The registry in it.
        server: The URL of the API server.
    """

    obj: Mapping[str, Any]
    loaded: LoadedRegistry
    server: str


def with_api_server(access: Access, use: Callable[[ApiServer], Awaitable[T]]) -> T:
    """Connect to the API server, run `use`, disconnect, and return what `use` gave.

    Raises:
        UsageError: There is no such kubeconfig or context.
        UnreadableError: The API server is unreachable or refuses; the message says what to do.
    """
    return asyncio.run(_with_api_server(access, use))


def live_registry(access: Access) -> LoadedRegistry:
    """The registry of the cluster; `RegistryError` when it has no active KubeVirt CR, or several."""
    return with_api_server(access, live_kubevirt).loaded


async def live_kubevirt(api: ApiServer) -> LiveKubeVirt:
    """The active KubeVirt CR; `RegistryError` when there is none, or several."""
    try:
        objects = [_kubevirt(item) async for page in pages(api, PATH) for item in page.items]
        found = effective_cr(objects, api.base_url)
    except ApiError as error:
        if error.reason == "forbidden":
            raise RegistryError(f"{not_listed(error, _KUBEVIRTS)}; {_OR_A_FILE}") from error
        if error.reason != "not-found":
            raise
        objects, found = [], not_installed(api.base_url)
    if found.state is not State.ONE:
        raise RegistryError(f"{found.problem}; {_OR_A_FILE}", file=api.base_url)
    return LiveKubeVirt(_active(objects, found), found.loaded, api.base_url)


def _active(objects: list[dict[str, Any]], found: EffectiveCR) -> Mapping[str, Any]:
    """The CR that `found` describes: on its own it has the same state."""
    return next(obj for obj in objects if effective_cr([obj], "").state is found.state)


def _kubevirt(item: msgspec.Raw) -> dict[str, Any]:
    try:
        obj = msgspec.json.decode(item, type=dict[str, Any])
    except UNDECODABLE as error:
        raise UnreadableError(f"a KubeVirt CR cannot be read: {error}") from error
    return {"apiVersion": _KUBEVIRTS.api_version, "kind": _KUBEVIRTS.kind, **obj}


async def _with_api_server(access: Access, use: Callable[[ApiServer], Awaitable[T]]) -> T:
    api = await connect(kubeconfig=access.kubeconfig, context=access.context)
    try:
        return await use(api)
    except ApiError as error:
        raise explained(error) from error
    finally:
        await api.close()
