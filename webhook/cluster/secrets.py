"""The one Secret that certificates are kept in: read whole, changed key by key."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from webhook.cluster.api import ApiServer
from webhook.cluster.object_client import NamedObject
from webhook.kube.shape import UNDECODABLE

_NO_DATA: Mapping[str, bytes] = {}
_EMPTY = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "data": {"tls.crt": "", "tls.key": ""}}
"""An API server takes no `kubernetes.io/tls` without these two keys, but takes them empty."""


@dataclass(frozen=True, kw_only=True)  # and no msgspec.Struct: the data must not be in the repr, which a log may show
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
    """A Secret that may exist or not. Its type does not matter: one that was made empty with another type will do."""

    def __init__(self, server: ApiServer, *, namespace: str, name: str) -> None:
        collection = f"/api/v1/namespaces/{namespace}/secrets"
        self._object = NamedObject(server, collection=collection, namespace=namespace, name=name, empty=_EMPTY)
        self.place = self._object.place

    async def read(self) -> Secret | None:
        """The Secret of now, or `None`; `ApiError` when that cannot be told."""
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
        """Make an empty one, unless there is one."""
        await self._object.make()

    async def write(self, secret: Secret, data: Mapping[str, bytes], *, without_annotation: str | None = None) -> None:
        """Set keys of the Secret that was read, and take away an annotation; `ApiError` of reason `conflict` when it is another by now."""
        metadata = {} if without_annotation is None else {"annotations": {without_annotation: None}}
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        await self._object.change({"data": encoded}, secret.version, metadata=metadata)


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    annotations: dict[str, str] | None = None


class _Read(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    data: dict[str, bytes] | None = None


_decode = msgspec.json.Decoder(_Read).decode
