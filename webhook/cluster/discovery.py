"""Which kinds a cluster serves, in which version and under which plural name; each group is read once."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.errors import UnreadableError
from webhook.kube.shape import UNDECODABLE

T = TypeVar("T", bound=msgspec.Struct)


class Resource(NamedTuple):
    """A kind as the cluster serves it."""

    group: str
    version: str
    plural: str
    kind: str

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return f"{self.group}/{self.version}"

    def path(self, namespace: str | None) -> str:
        """Path of its objects, in one namespace or, with `None`, in all."""
        within = f"/namespaces/{namespace}" if namespace is not None else ""
        return f"/apis/{self.api_version}{within}/{self.plural}"


class Served(NamedTuple):
    """How a cluster serves a kind.

    Attributes:
        resource: How to list it; `None` when none of the versions that were asked for is served.
        versions: The versions of its group that the cluster serves; empty when the group is not served.
    """

    resource: Resource | None
    versions: tuple[str, ...]


class _Version(msgspec.Struct):
    version: str


class _Group(msgspec.Struct):
    versions: list[_Version]


class _Resource(msgspec.Struct):
    name: str
    kind: str


class _Resources(msgspec.Struct):
    resources: list[_Resource] | None = None


class Discovery:
    """The kinds that one API server serves; each group is read once."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api
        self._groups: dict[str, tuple[str, ...]] = {}
        self._kinds: dict[str, dict[str, str]] = {}

    async def served(self, group: str, kind: str, versions: Sequence[str]) -> Served:
        """How `kind` is served, in the first of `versions` that is served."""
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
        return tuple(each.version for each in decoded(body, _Group, f"/apis/{group}").versions)

    async def _plurals(self, api_version: str) -> dict[str, str]:
        if api_version not in self._kinds:
            path = f"/apis/{api_version}"
            found = decoded(await self._api.get(path), _Resources, path).resources or ()
            self._kinds[api_version] = {each.kind: each.name for each in found if "/" not in each.name}  # `virtualmachines/status` is none
        return self._kinds[api_version]


def decoded(body: bytes, type_: type[T], what: str) -> T:
    """A response of the API server about `what` as a value of `type_`; `UnreadableError` when it does not fit."""
    try:
        return msgspec.json.decode(body, type=type_)
    except UNDECODABLE as error:
        raise UnreadableError(f"{what}: the API server's answer cannot be read: {error}") from error
