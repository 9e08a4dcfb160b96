"""Read everything about one VM with the caller's own rights; what may not be read is noted, and the rest is read."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.events import read_listing
from webhook.cluster.kubevirts import PATH, State, effective_cr
from webhook.errors import UnreadableError
from webhook.kube.fieldpath import look_up, text_at
from webhook.kube.names import is_dns_label, is_dns_name
from webhook.kube.shape import UNDECODABLE
from webhook.plugins.registry import Registry, unknown_registry
from webhook.why.situation import Object, Situation, attachments_of, items_at, plugins_of, qualified

_KUBEVIRT = "/apis/kubevirt.io/v1"
_ATTACHMENTS = "/apis/k8s.cni.cncf.io/v1/namespaces/{}/network-attachment-definitions"
_DEFAULT = "default"
_MAX_LISTED = "500"
_MAX_NAMESPACES = 20
"""In so many namespaces NetworkAttachmentDefinitions are listed: the networks of one VM can name hundreds."""


class _Reader:
    """Reads, and notes what could not be read.

    Attributes:
        unread: What could not be read, and why.
    """

    def __init__(self, api: ApiServer) -> None:
        self._api = api
        self.unread: list[str] = []

    async def object(self, path: str) -> Object | None:
        """An object; `None` when it does not exist, or cannot be read, which is noted."""
        try:
            body = await self._api.get(path)
        except ApiError as error:
            if error.reason != "not-found":
                self.unread.append(error.message)
            return None
        return self._noted(body, path)

    async def items(self, path: str, **query: str) -> list[Object]:
        """The first items of a list; empty when it cannot be read, or when the kind is not served. What was not read is noted."""
        try:
            body = await self._api.get(path, {"limit": _MAX_LISTED, **query})
        except ApiError as error:
            if error.reason != "not-found":
                self.unread.append(error.message)
            return []
        listing = self._noted(body, path)
        if text_at(listing, "metadata", "continue"):
            self.unread.append(f"GET {path}: only the first {_MAX_LISTED} objects were read")
        return [each for each in items_at(listing, "items") if isinstance(each, dict)]

    def _noted(self, body: bytes, path: str) -> Object | None:
        """The body as an object; `None` when it is none, which is noted."""
        try:
            return _decoded(body, path)
        except UnreadableError as error:
            self.unread.append(error.message)
            return None

    async def registry(self) -> Registry:
        """The registry of the active KubeVirt CR; the unknown one, with a note, when there is none."""
        try:
            listing = read_listing(await self._api.get(PATH), PATH)
        except ApiError as error:
            self.unread.append(error.message)
            return unknown_registry()
        effective = effective_cr(list(listing.objects.values()), self._api.base_url)
        if effective.state is not State.ONE:
            self.unread.append(effective.problem)
        return effective.loaded.registry


async def collect(api: ApiServer, namespace: str, name: str) -> Situation:
    """Everything about the VM.

    Raises:
        ApiError: The VM itself may not be read, or the API server does not answer.
        UnreadableError: The names cannot be those of a VM, or a response is no object.
    """
    if not is_dns_label(namespace) or not is_dns_name(name):
        raise UnreadableError(f"{namespace}/{name}: no VM can have such a namespace and name")
    reader = _Reader(api)
    vm = await _must_be_readable(api, f"{_KUBEVIRT}/namespaces/{namespace}/virtualmachines/{name}", "VirtualMachine")
    vmi, registry, quotas = await asyncio.gather(
        reader.object(f"{_KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances/{name}"),
        reader.registry(),
        reader.items(f"/api/v1/namespaces/{namespace}/resourcequotas"),
    )
    vmi = {**vmi, "kind": "VirtualMachineInstance", "apiVersion": "kubevirt.io/v1"} if vmi is not None else None
    uid = text_at(vmi, "metadata", "uid")
    pods = await reader.items(f"/api/v1/namespaces/{namespace}/pods", labelSelector=f"kubevirt.io/created-by={uid}") if uid else []
    pods.sort(key=lambda pod: text_at(pod, "metadata", "creationTimestamp"), reverse=True)
    attachments, known = await _attachments(reader, namespace, vm, vmi, registry)
    return Situation(
        namespace=namespace,
        name=name,
        vm=vm,
        vmi=vmi,
        pods=pods,
        events=await _events(reader, namespace, [each for each in (vm, vmi, *pods[:1]) if each is not None]),
        attachments=attachments,
        attachment_names=known,
        quotas=quotas,
        registry=registry,
        unread=list(dict.fromkeys(reader.unread)),
    )


async def _must_be_readable(api: ApiServer, path: str, kind: str) -> Object | None:
    try:
        body = await api.get(path)
    except ApiError as error:
        if error.reason == "not-found":
            return None
        raise
    return {**_decoded(body, path), "kind": kind, "apiVersion": "kubevirt.io/v1"}


async def _attachments(
    reader: _Reader, namespace: str, vm: Object | None, vmi: Object | None, registry: Registry
) -> tuple[Mapping[str, Object | None], list[str]]:
    """The NADs that the VM and its plugins name, and the names of all in those namespaces; none of them where not all can be listed."""
    spec = look_up(vmi, ("spec",)) if vmi is not None else look_up(vm, ("spec", "template", "spec"))
    named = [qualified(each, namespace) for each in attachments_of(spec)]
    for plugin in plugins_of(spec):
        definition = registry.plugins[plugin].network_attachment_definition if plugin in registry.plugins else None
        named += [qualified(definition, namespace)] if definition else []
    if not named:
        return {}, []
    before = len(reader.unread)
    namespaces = sorted(filter(is_dns_label, {namespace, _DEFAULT, *(each.partition("/")[0] for each in named)}))
    if len(namespaces) > _MAX_NAMESPACES:
        reader.unread.append(f"NetworkAttachmentDefinitions of {len(namespaces) - _MAX_NAMESPACES} of the namespaces that the VM names")
    lists = await asyncio.gather(*(reader.items(_ATTACHMENTS.format(each)) for each in namespaces[:_MAX_NAMESPACES]))
    found = {f"{text_at(each, 'metadata', 'namespace')}/{text_at(each, 'metadata', 'name')}": each for items in lists for each in items}
    if len(reader.unread) > before:
        return {}, sorted(found)
    return {name: found.get(name) for name in dict.fromkeys(named)}, sorted(found)


async def _events(reader: _Reader, namespace: str, objects: list[Object]) -> list[Object]:
    uids = [uid for each in objects if (uid := text_at(each, "metadata", "uid"))]
    path = f"/api/v1/namespaces/{namespace}/events"
    lists = await asyncio.gather(*(reader.items(path, fieldSelector=f"involvedObject.uid={uid}") for uid in uids))
    events = [event for items in lists for event in items]
    return sorted(events, key=lambda event: text_at(event, "lastTimestamp") or text_at(event, "eventTime"), reverse=True)


def _decoded(body: bytes, path: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except UNDECODABLE as error:
        raise UnreadableError(f"GET {path}: the API server's answer cannot be read: {error}") from error
