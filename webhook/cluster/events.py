"""Lists and the lines of a watch as values."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from webhook.cluster.api_error import ApiError, reason_of, unanswered
from webhook.kube.fieldpath import look_up
from webhook.kube.shape import UNDECODABLE
from webhook.kube.text import quoted, shown

BOOKMARK = "BOOKMARK"
DELETED = "DELETED"

_ERROR = "ERROR"
_CHANGES = frozenset({"ADDED", "MODIFIED", DELETED})
_MAX_NUMBER_LENGTH = 20


class Key(NamedTuple):
    """Namespace and name of an object."""

    namespace: str
    name: str


class Listing(NamedTuple):
    """All objects of a kind.

    Attributes:
        objects: As plain data.
        version: The resourceVersion of the list.
    """

    objects: Mapping[Key, Mapping[str, Any]]
    version: str


class Event(NamedTuple):
    """One line of a watch.

    Attributes:
        type: `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`.
        key: Namespace and name of the object; empty for a bookmark.
        obj: The object as plain data.
        version: The resourceVersion of the event.
    """

    type: str
    key: Key
    obj: Mapping[str, Any]
    version: str


class _Line(msgspec.Struct):
    type: str
    obj: dict[str, Any] = msgspec.field(name="object")


class _ListMetadata(msgspec.Struct, rename="camel"):
    resource_version: str
    continue_: str = msgspec.field(default="", name="continue")


class _List(msgspec.Struct):
    metadata: _ListMetadata
    items: list[dict[str, Any]] | None = None


_decode_list = msgspec.json.Decoder(_List).decode
_decode_line = msgspec.json.Decoder(_Line).decode


def read_listing(body: bytes, path: str) -> Listing:
    """The list in a response; `ApiError` of reason `unreadable` when it is no list, or not the whole one."""
    try:
        found = _decode_list(body)
    except UNDECODABLE as error:
        raise _unreadable(path, "listing", str(error)) from error
    if found.metadata.continue_ or not found.metadata.resource_version:
        raise _unreadable(path, "listing", "it is not whole, or has no resourceVersion")
    return Listing({_key(item, path): item for item in found.items or ()}, found.metadata.resource_version)


def read_event(line: bytes, path: str) -> Event:
    """The event in a line of a watch.

    Raises:
        ApiError: The line is no event (`unreadable`), or it is an error of the server.
    """
    try:
        found = _decode_line(line)
    except UNDECODABLE as error:
        raise _unreadable(path, "watch", str(error)) from error
    if found.type == _ERROR:
        raise _error_event(found.obj, path)
    version = look_up(found.obj, ("metadata", "resourceVersion"))
    if not isinstance(version, str) or not version:
        raise _unreadable(path, "watch", f"an event has resourceVersion {shown(version)}")
    if found.type == BOOKMARK:
        return Event(BOOKMARK, Key("", ""), found.obj, version)
    if found.type not in _CHANGES:
        raise _unreadable(path, "watch", f"an event is of type {quoted(found.type)}")
    return Event(found.type, _key(found.obj, path), found.obj, version)


def older(version: str, than: str) -> bool:
    """Whether a resourceVersion is certainly older than another: they are numbers that grow (kubernetes/enhancements#5504)."""
    return _is_number(version) and _is_number(than) and int(version) < int(than)


def _is_number(version: str) -> bool:
    return version.isascii() and version.isdecimal() and len(version) <= _MAX_NUMBER_LENGTH


def _key(obj: Mapping[str, Any], path: str) -> Key:
    name, namespace = look_up(obj, ("metadata", "name")), look_up(obj, ("metadata", "namespace")) or ""
    if not isinstance(name, str) or not name or not isinstance(namespace, str):
        raise _unreadable(path, "answer", f"an object has name {shown(name)} and namespace {shown(namespace)}")
    return Key(namespace, name)


def _error_event(status: Mapping[str, Any], path: str) -> ApiError:
    """The error of a watch that had HTTP status 200: a Status in place of an object."""
    code, message = status.get("code"), status.get("message")
    known = code if isinstance(code, int) else 0
    text = quoted(message) if isinstance(message, str) else "no reason is given"
    return ApiError(f"GET {path}: the watch ended: {text}", status=known, reason=reason_of(known))


def _unreadable(path: str, what: str, why: str) -> ApiError:
    return unanswered(f"GET {path}", "unreadable", f"the {what} cannot be read: {why}")
