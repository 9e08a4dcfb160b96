"""Read and change the caBundles of the webhook configurations of one name, and nothing else in them.

They are read, not watched: one process reads two small objects every few seconds, which needs no permission but `get` on two names, and a
read cannot go silent as a watch can.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from webhook.cluster.api import JSON_PATCH, ApiServer
from webhook.cluster.api_error import ApiError, needing, unanswered
from webhook.cluster.object_client import FIELD_MANAGER
from webhook.kube.metadata import ObjectMeta
from webhook.kube.shape import UNDECODABLE

ARM: Final = "bindguard.io/arm"
"""The annotation with the names of the webhooks that get failurePolicy Fail once a server answers. The chart writes it beside failurePolicy
Ignore, so that a first installation blocks no VM; the server removes it when it arms the webhooks."""

BREAK_GLASS: Final = "bindguard.io/break-glass"
"""The annotation of `bindguard break-glass`: while a configuration has it, the server arms no webhook of it."""

KINDS: Final = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")


class ConfigurationState(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration as it was read.

    Attributes:
        kind: Validating or mutating.
        version: Its resourceVersion.
        generation: Its `metadata.generation`.
        bundles: The caBundle of each webhook, in their order; empty where there is none.
        other_writer: The last other field manager that has set a caBundle; empty without one.
        unarmed: Indices of the webhooks that the annotation `ARM` names; `None` without the annotation.
        glass_is_broken: Whether it has the annotation `BREAK_GLASS`.
        owners: The uids of its owners.
    """

    kind: str
    version: str
    generation: int
    bundles: tuple[bytes, ...]
    other_writer: str
    unarmed: tuple[int, ...] | None = None
    glass_is_broken: bool = False
    owners: frozenset[str] = frozenset()


class WebhookConfigurations:
    """The configurations of both kinds with one name."""

    def __init__(self, server: ApiServer, name: str) -> None:
        self._server = server
        self._name = name

    async def read(self) -> tuple[ConfigurationState, ...]:
        """The configurations that exist; `ApiError` when a call fails."""
        found = [await self._read(kind) for kind in KINDS]
        return tuple(each for each in found if each is not None)

    async def publish(self, configuration: ConfigurationState, bundle: bytes, *, only_missing: bool = False) -> None:
        """Set the caBundle of each webhook that has another one, or, with `only_missing`, none.

        Raises:
            ApiError: Of reason `conflict` when the configuration has changed since it was read, which the patch tests.
        """
        encoded = base64.b64encode(bundle).decode()
        differing = [place for place, each in enumerate(configuration.bundles) if each != bundle and not (only_missing and each)]
        await self._patch(
            configuration, [{"op": "add", "path": f"/webhooks/{place}/clientConfig/caBundle", "value": encoded} for place in differing]
        )

    async def arm(self, configuration: ConfigurationState) -> None:
        """Set failurePolicy Fail on the webhooks that the annotation names, and remove it; errors as of `publish`."""
        operations: list[object] = [
            {"op": "replace", "path": f"/webhooks/{place}/failurePolicy", "value": "Fail"} for place in configuration.unarmed or ()
        ]
        await self._patch(configuration, [*operations, {"op": "remove", "path": f"/metadata/annotations/{ARM.replace('/', '~1')}"}])

    async def adopt(self, configuration: ConfigurationState, namespace: str, uid: str) -> None:
        """Make a namespace the owner, so that the configuration is deleted with it; errors as of `publish`."""
        owner = {"apiVersion": "v1", "kind": "Namespace", "name": namespace, "uid": uid}
        if configuration.owners:
            await self._patch(configuration, [{"op": "add", "path": "/metadata/ownerReferences/-", "value": owner}])
        else:
            await self._patch(configuration, [{"op": "add", "path": "/metadata/ownerReferences", "value": [owner]}])

    async def namespace_uid(self, namespace: str) -> str:
        """The uid of a namespace; `ApiError` when it cannot be read."""
        with needing(f"get Namespace {namespace} (a ClusterRole and its binding)"):
            body = await self._server.get(f"/api/v1/namespaces/{namespace}", seconds=5.0)
        try:
            return _decode(body).metadata.uid
        except UNDECODABLE as error:
            raise unanswered(f"Namespace {namespace}", "unreadable", f"cannot be understood: {error}") from error

    async def _patch(self, configuration: ConfigurationState, operations: Sequence[object]) -> None:
        patch: list[object] = [{"op": "test", "path": "/metadata/resourceVersion", "value": configuration.version}, *operations]
        path = path_of(configuration.kind, self._name)
        try:
            with needing(self._grant(configuration.kind)):
                await self._server.patch(path, patch, content_type=JSON_PATCH, seconds=5.0)
        except ApiError as error:
            if error.reason == "invalid" and await self._version(configuration.kind) != configuration.version:
                raise ApiError(error.message, status=error.status, reason="conflict", body=error.body) from error
            raise

    async def _version(self, kind: str) -> str:
        read = await self._read(kind)
        return "" if read is None else read.version

    async def _read(self, kind: str) -> ConfigurationState | None:
        path = path_of(kind, self._name)
        try:
            with needing(self._grant(kind)):
                read = _decode(await self._server.get(path, seconds=5.0))
        except ApiError as error:
            if error.reason != "not-found":
                raise
            return None
        except UNDECODABLE as error:
            raise unanswered(f"{kind} {self._name}", "unreadable", f"cannot be understood: {error}") from error
        bundles = tuple(each.client_config.ca_bundle or b"" for each in read.webhooks or ())
        fields = read.metadata.managed_fields or ()
        return ConfigurationState(
            kind=kind,
            version=read.metadata.resource_version,
            generation=read.metadata.generation,
            bundles=bundles,
            other_writer=_other_writer(fields),
            unarmed=_unarmed(read.metadata.annotations or {}, read.webhooks or ()),
            glass_is_broken=BREAK_GLASS in (read.metadata.annotations or {}),
            owners=frozenset(owner.uid for owner in read.metadata.owner_references or ()),
        )

    def _grant(self, kind: str) -> str:
        return f"get and patch {kind} {self._name} (a ClusterRole and its binding)"


def path_of(kind: str, name: str) -> str:
    """Path of the webhook configuration of a kind."""
    return f"/apis/admissionregistration.k8s.io/v1/{kind.lower()}s/{name}"


class _ManagedFields(msgspec.Struct, rename="camel"):
    manager: str = ""
    time: str = ""
    fields_v1: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="fieldsV1")


class _Metadata(ObjectMeta, frozen=True):
    managed_fields: list[_ManagedFields] | None = None


class _ClientConfig(msgspec.Struct, rename="camel"):
    ca_bundle: bytes | None = None


class _Webhook(msgspec.Struct, rename="camel"):
    name: str = ""
    client_config: _ClientConfig = msgspec.field(default_factory=_ClientConfig)


class _Read(msgspec.Struct):
    metadata: _Metadata = _Metadata()
    webhooks: list[_Webhook] | None = None


_decode = msgspec.json.Decoder(_Read).decode


def _unarmed(annotations: Mapping[str, str], webhooks: Sequence[_Webhook]) -> tuple[int, ...] | None:
    if ARM not in annotations:
        return None
    names = {name.strip() for name in annotations[ARM].split(",")}
    return tuple(place for place, webhook in enumerate(webhooks) if webhook.name in names)


def _other_writer(fields: Sequence[_ManagedFields]) -> str:
    """The last other field manager of a caBundle."""
    writers = [each for each in fields if each.manager != FIELD_MANAGER and b'"f:caBundle"' in bytes(each.fields_v1)]
    return max(writers, key=lambda each: each.time).manager if writers else ""
