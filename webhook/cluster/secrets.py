"""The Secret that holds the certificates: read as a whole, changed key by key."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from webhook.cluster.api import ApiServer
from webhook.cluster.object_client import NamedObject
from webhook.kube.metadata import ObjectMeta
from webhook.kube.shape import UNDECODABLE

_NO_DATA: Mapping[str, bytes] = {}
_EMPTY = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "data": {"tls.crt": "", "tls.key": ""}}
"""An API server refuses a `kubernetes.io/tls` Secret without these two keys, but accepts them empty."""


@dataclass(frozen=True, kw_only=True)  # not a msgspec.Struct: the data must not be in the repr, which a log may show
class Secret:
    """A Secret as it was read.

    Attributes:
        data: Its bytes by key.
        annotations: Its annotations.
        version: Its resourceVersion.
    """

    data: Mapping[str, bytes] = field(repr=False)
    annotations: Mapping[str, str]
    version: str


class NamedSecret:
    """One Secret, which may be missing. Its type does not matter: one that was created empty with another type can be used."""

    def __init__(self, server: ApiServer, *, namespace: str, name: str) -> None:
        collection = f"/api/v1/namespaces/{namespace}/secrets"
        self._object = NamedObject(server, collection=collection, namespace=namespace, name=name, empty=_EMPTY)
        self.place = self._object.place

    async def read(self) -> Secret | None:
        """The Secret, or `None` when it does not exist; `ApiError` when the call fails otherwise."""
        raw = await self._object.read()
        if raw is None:
            return None
        try:
            read = _decode(raw)
        except UNDECODABLE as error:
            raise self._object.unreadable(error) from error
        metadata = read.metadata
        return Secret(data=read.data or _NO_DATA, annotations=metadata.annotations or {}, version=metadata.resource_version)

    async def make(self) -> None:
        """Create an empty Secret, unless it exists."""
        await self._object.make()

    async def write(self, secret: Secret, data: Mapping[str, bytes], *, without_annotation: str | None = None) -> None:
        """Set keys of the Secret that was read and remove an annotation; `ApiError` of reason `conflict` when it has changed since."""
        metadata = {} if without_annotation is None else {"annotations": {without_annotation: None}}
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        await self._object.change({"data": encoded}, secret.version, metadata=metadata)


class _Read(msgspec.Struct):
    metadata: ObjectMeta = ObjectMeta()
    data: dict[str, bytes] | None = None


_decode = msgspec.json.Decoder(_Read).decode
