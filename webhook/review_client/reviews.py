"""Loads reviews from files. An object that is not a review becomes the review that an API server would send."""

import io
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from webhook.admission.review import API_VERSION, KIND, MUTATE, VALIDATE
from webhook.errors import UnreadableError, reason_of
from webhook.kube.fieldpath import look_up, text_at
from webhook.kube.text import shown
from webhook.loading.objects import objects_in
from webhook.manifests.documents import read_documents
from webhook.manifests.model import Document
from webhook.manifests.yaml import parse
from webhook.vmi.kinds import split_api_version

MAX_BYTES = 64 * 1024 * 1024
"""Maximum size of a file."""

Reader: TypeAlias = Callable[[], bytes]
"""Returns the content of a file or stream. Above `MAX_BYTES` it raises an error, or returns one byte more."""

_Identity: TypeAlias = tuple[object, ...]


class ReviewRequest(msgspec.Struct, frozen=True):
    """A review to send.

    Attributes:
        place: File and line.
        subject: The object, as kubectl names it: `virtualmachine.kubevirt.io/web`.
        operation: `CREATE`, `UPDATE` and so on; empty where the review names none.
        endpoint: The endpoint for its kind.
        uid: The uid that the response must have; `None` if the review has none.
        body: The AdmissionReview as JSON.
        carried: The object in it, as plain data.
    """

    place: str
    subject: str
    operation: str
    endpoint: str
    uid: object
    body: bytes
    carried: object


class PreviousObjects:
    """Previous objects, by group, kind, namespace and name.

    Attributes:
        used: Whether one of them is the previous state of an object.
    """

    def __init__(self, objects: Sequence[object] = ()) -> None:
        self._objects = {_identity(obj): obj for obj in objects}
        self.used = False

    def of(self, obj: object) -> object:
        """The previous state of an object; `None` for a new one."""
        found = self._objects.get(_identity(obj)) if text_at(obj, "metadata", "name") else None
        self.used |= found is not None
        return found


def read_previous_objects(name: str, reader: Reader) -> PreviousObjects:
    """The objects in a file, or in its recorded reviews; `UnreadableError` if a document has none."""
    found = [(obj, place) for value, place in _documents(name, reader) for obj, _ in objects_in(value)]
    return PreviousObjects([_checked(obj, place) for obj, place in found])


def read_reviews(name: str, reader: Reader, before: PreviousObjects) -> Iterator[ReviewRequest]:
    """The reviews for a file: each recorded review, and a review for each other object.

    An object with a previous state in `before` is an UPDATE, any other a CREATE.

    Raises:
        UnreadableError: The file cannot be read.
    """
    for value, place in _documents(name, reader):
        if look_up(value, ("kind",)) == KIND:
            yield _request_of(place, value)
            continue
        for obj, _ in objects_in(value):
            yield _request_of(place, _review(_checked(obj, place), before.of(obj)))


def _documents(name: str, reader: Reader) -> Iterator[tuple[object, str]]:
    """The data of each document, with its place."""
    try:
        content = reader()
    except (OSError, ValueError) as error:
        raise UnreadableError(reason_of(error), file=name) from error
    if len(content) > MAX_BYTES:
        raise UnreadableError(f"has more than {MAX_BYTES:,} bytes; give fewer reviews in one file", file=name)
    found = 0
    for document in read_documents(io.BytesIO(content), name):
        if isinstance(document, UnreadableError):
            raise document
        if isinstance(document, Document):
            found += 1
            yield parse(document), f"{name}:{document.line}"
    if not found:
        raise UnreadableError(f"holds nothing; give an {KIND} or an object", file=name)


def _checked(obj: object, place: str) -> Mapping[str, object]:
    if not isinstance(obj, dict):
        raise UnreadableError(f"holds {shown(obj)}; give an {KIND} or an object", file=place)
    if not text_at(obj, "apiVersion") or not text_at(obj, "kind"):
        raise UnreadableError(f"holds an object without apiVersion or kind; give an {KIND} or an object", file=place)
    return obj


def _review(obj: Mapping[str, object], old: object) -> Mapping[str, object]:
    """The review that the API server would send, as a dry run."""
    group, version = split_api_version(text_at(obj, "apiVersion"))
    kind = text_at(obj, "kind")
    request = {
        "uid": str(uuid.uuid4()),
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": group, "version": version, "resource": f"{kind.lower()}s"},
        "name": text_at(obj, "metadata", "name"),
        "namespace": text_at(obj, "metadata", "namespace") or "default",
        "operation": "CREATE" if old is None else "UPDATE",
        "userInfo": {"username": "bindguard-review"},
        "object": obj,
        "oldObject": old,
        "dryRun": True,
    }
    return {"apiVersion": API_VERSION, "kind": KIND, "request": request}


def _request_of(place: str, review: object) -> ReviewRequest:
    group, kind = (text_at(review, "request", "kind", field) for field in ("group", "kind"))
    return ReviewRequest(
        place=place,
        subject=f"{'.'.join(filter(None, (kind.lower(), group))) or 'object'}/{_name(review)}",
        operation=text_at(review, "request", "operation"),
        endpoint=MUTATE if (group, kind) == ("", "Pod") else VALIDATE,
        uid=look_up(review, ("request", "uid")),
        body=msgspec.json.encode(review),
        carried=look_up(review, ("request", "object")),
    )


def _name(review: object) -> str:
    prefix = text_at(review, "request", "object", "metadata", "generateName")
    return text_at(review, "request", "name") or (f"{prefix}*" if prefix else "")


def _identity(obj: object) -> _Identity:
    group = split_api_version(text_at(obj, "apiVersion"))[0]
    return group, text_at(obj, "kind"), text_at(obj, "metadata", "namespace") or "default", text_at(obj, "metadata", "name")
