"""Break glass: stop the webhooks of an installation from refusing anything, record who did it and why, and undo it.

An annotation on each webhook configuration holds the record and what is needed to undo it. No replica of the server has to run; one that
runs leaves a configuration with the record as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from webhook.cluster.api import JSON_PATCH, ApiServer
from webhook.cluster.api_error import ApiError, needing
from webhook.cluster.discovery import decoded
from webhook.cluster.webhook_configurations import ARM, BREAK_GLASS, KINDS, path_of
from webhook.errors import UnreadableError
from webhook.kube.fieldpath import look_up, text_at

MAX_ANNOTATION_BYTES: Final = 200_000
"""The API server accepts 256 KiB of all annotations together."""

_ANNOTATION = f"/metadata/annotations/{BREAK_GLASS.replace('/', '~1')}"
_EVENTS = "/api/v1/namespaces/default/events"
"""Events of cluster-scoped objects are in this namespace (kubernetes/client-go tools/record/event.go)."""
_MAX_MESSAGE_LENGTH = 1000
_COMPONENT = "bindguard break-glass"

Object = Mapping[str, Any]


class Author(NamedTuple):
    """Who breaks the glass, or undoes it.

    Attributes:
        user: The name of the user.
        at: When, in ISO 8601.
        reason: Why, in the user's words; empty for an undo.
    """

    user: str
    at: str
    reason: str = ""


class Record(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """The annotation.

    Attributes:
        by: The user who broke the glass, as the API server knows them.
        at: When, in ISO 8601.
        reason: Why, in the user's words.
        failure_policies: The former failurePolicy of each webhook that now has Ignore, by name.
        webhooks: The former webhooks, where they were removed.
    """

    by: str
    at: str
    reason: str
    failure_policies: dict[str, str] = msgspec.field(default_factory=dict)
    webhooks: list[dict[str, Any]] | None = None


class Change(NamedTuple):
    """What is done to one webhook configuration.

    Attributes:
        kind: Its kind.
        name: Its name.
        lines: What is done, for people.
        operations: The same as a JSON patch; empty when nothing has to be done.
        undoes: Whether it undoes break-glass.
    """

    kind: str
    name: str
    lines: Sequence[str]
    operations: Sequence[Object]
    undoes: bool = False


async def read(api: ApiServer, name: str) -> Sequence[Object]:
    """The webhook configurations of that name that exist; `ApiError` when one cannot be read."""
    found = [await read_one(api, kind, name) for kind in KINDS]
    return [each for each in found if each is not None]


async def read_one(api: ApiServer, kind: str, name: str) -> Object | None:
    """The webhook configuration of that kind and name; `None` when it does not exist, `ApiError` when it cannot be read."""
    try:
        with needing(f"get and patch {kind} {name} (a ClusterRole and its binding)"):
            body = await api.get(path_of(kind, name))
    except ApiError as error:
        if error.reason != "not-found":
            raise
        return None
    return {**decoded(body, _Configuration, f"{kind} {name}").plain(), "kind": kind}


def break_change(configuration: Object, author: Author, *, remove: bool) -> Change:
    """Set failurePolicy Ignore on the webhooks of a configuration, or remove them, and write the record.

    Breaking twice keeps the first record's former values, so that one `undo_change` restores everything. What somebody has restored in the
    meantime is changed again.

    Raises:
        UnreadableError: The configuration has a record that cannot be read, or one that would be too large for an annotation.
    """
    kind, name = configuration["kind"], text_at(configuration, "metadata", "name")
    webhooks, before = configuration.get("webhooks") or [], record_of(configuration)
    policies = [text_at(each, "failurePolicy") or "Fail" for each in webhooks]
    closed = [index for index, policy in enumerate(policies) if policy != "Ignore"]
    if before is not None and not (webhooks if remove else closed):
        return Change(kind, name, [f"nothing: break-glass is in force since {before.at} by {before.by}: {before.reason}"], [])
    former = dict(before.failure_policies) if before is not None else {}
    removed = before.webhooks if before is not None else None
    record = Record(
        by=author.user,
        at=author.at,
        reason=author.reason,
        failure_policies=former | {text_at(webhooks[index], "name"): policies[index] for index in closed},
        webhooks=list(webhooks) if remove else removed,
    )
    if remove:
        lines = [f"remove webhook {text_at(each, 'name')}: the API server no longer calls it" for each in webhooks]
        operations = [{"op": "add", "path": "/webhooks", "value": []}]
    else:
        lines = [f"set failurePolicy Ignore on webhook {text_at(webhooks[index], 'name')}" for index in closed]
        operations = [{"op": "add", "path": f"/webhooks/{index}/failurePolicy", "value": "Ignore"} for index in closed]
    content = msgspec.json.encode(record).decode()
    if len(content.encode()) > MAX_ANNOTATION_BYTES:
        raise UnreadableError(
            f"{kind} {name}: its webhooks have more than {MAX_ANNOTATION_BYTES:,} bytes; break the glass without --remove"
        )
    return Change(kind, name, lines or ["record it; no webhook has failurePolicy Fail"], [*operations, *_annotate(configuration, content)])


def undo_change(configuration: Object) -> Change:
    """Restore what `break_change` changed, and remove the record; `UnreadableError` when the record cannot be read.

    A webhook that the chart has asked to arm (annotation `bindguard.io/arm`) is left to the server, which arms it.
    """
    kind, name = configuration["kind"], text_at(configuration, "metadata", "name")
    record = record_of(configuration)
    if record is None:
        return Change(kind, name, ["nothing: break-glass is not in force"], [], undoes=True)
    to_arm = {each.strip() for each in text_at(configuration, "metadata", "annotations", ARM).split(",")} - {""}
    restored = {webhook: policy for webhook, policy in record.failure_policies.items() if webhook not in to_arm}
    webhooks = configuration.get("webhooks") or []
    if record.webhooks is not None and not webhooks:
        former = [
            {**each, "failurePolicy": restored.get(text_at(each, "name")) or text_at(each, "failurePolicy") or "Fail"}
            for each in record.webhooks
        ]
        lines = [f"restore webhook {text_at(each, 'name')} with failurePolicy {each['failurePolicy']}" for each in former]
        operations: list[Object] = [{"op": "add", "path": "/webhooks", "value": former}]
    else:
        closed = [(index, webhook) for index, each in enumerate(webhooks) if (webhook := text_at(each, "name")) in restored]
        lines = [f"set failurePolicy {restored[webhook]} on webhook {webhook}" for _, webhook in closed]
        operations = [{"op": "add", "path": f"/webhooks/{index}/failurePolicy", "value": restored[webhook]} for index, webhook in closed]
    return Change(kind, name, [*lines, "remove the record"], [*operations, {"op": "remove", "path": _ANNOTATION}], undoes=True)


async def apply(api: ApiServer, configuration: Object, change: Change) -> None:
    """Make the change; `ApiError` of reason `conflict` when the configuration has changed since it was read, or was deleted."""
    version = look_up(configuration, ("metadata", "resourceVersion"))
    patch = [{"op": "test", "path": "/metadata/resourceVersion", "value": version}, *change.operations]
    try:
        with needing(f"get and patch {change.kind} {change.name} (a ClusterRole and its binding)"):
            await api.patch(path_of(change.kind, change.name), patch, content_type=JSON_PATCH)
    except ApiError as error:
        if error.reason == "not-found" or (error.reason == "invalid" and await _version(api, change) != version):
            raise ApiError(error.message, status=error.status, reason="conflict", body=error.body) from error
        raise


async def _version(api: ApiServer, change: Change) -> object:
    return look_up(await read_one(api, change.kind, change.name), ("metadata", "resourceVersion"))


async def record_event(api: ApiServer, change: Change, author: Author) -> None:
    """Write an Event at the configuration; `ApiError` when it cannot be written."""
    done = "; ".join([*change.lines, *([author.reason] if author.reason else [])])
    reference = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": change.kind, "name": change.name}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{change.name}.break-glass.", "namespace": "default"},
        "involvedObject": reference,
        "reason": "BreakGlassUndone" if change.undoes else "BreakGlass",
        "type": "Normal" if change.undoes else "Warning",
        "message": f"{author.user}: {done}"[:_MAX_MESSAGE_LENGTH],
        "source": {"component": _COMPONENT},
        "firstTimestamp": author.at,
        "lastTimestamp": author.at,
        "count": 1,
    }
    with needing("create Events in namespace default (a Role and its binding)"):
        await api.post(_EVENTS, event)


def record_of(configuration: Object) -> Record | None:
    """The record on a configuration, or `None`; `UnreadableError` when there is one that cannot be read."""
    content = text_at(configuration, "metadata", "annotations", BREAK_GLASS)
    if not content:
        return None
    what = f"{configuration['kind']} {text_at(configuration, 'metadata', 'name')}: annotation {BREAK_GLASS}"
    return decoded(content.encode(), Record, what)


def _annotate(configuration: Object, content: str) -> Sequence[Object]:
    if look_up(configuration, ("metadata", "annotations")) is None:
        return [{"op": "add", "path": "/metadata/annotations", "value": {BREAK_GLASS: content}}]
    return [{"op": "add", "path": _ANNOTATION, "value": content}]


class _Metadata(msgspec.Struct, rename="camel"):
    name: str
    resource_version: str
    annotations: dict[str, str] | None = None


class _Configuration(msgspec.Struct):
    metadata: _Metadata
    webhooks: list[dict[str, Any]] | None = None

    def plain(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found
