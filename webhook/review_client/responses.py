"""The response to a review as a value, and what its JSON Patch (RFC 6902) makes of the object."""

import copy
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from webhook.admission.pods import COMPUTE
from webhook.admission.review import API_VERSION, KIND
from webhook.kube.fieldpath import look_up
from webhook.kube.shape import UNDECODABLE
from webhook.kube.text import quoted, shown
from webhook.review_client.client import UnansweredError


class Cause(msgspec.Struct, frozen=True):
    """`status.details.causes[]`."""

    field: str = ""
    message: str = ""


class Details(msgspec.Struct, frozen=True):
    """`status.details`."""

    kind: str = ""
    name: str = ""
    causes: list[Cause] | None = None


class Status(msgspec.Struct, frozen=True):
    """`status` of a response."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None


class Operation(msgspec.Struct, frozen=True):
    """One operation of a JSON Patch."""

    op: str
    path: str
    value: object = msgspec.UNSET


class Response(msgspec.Struct, frozen=True, rename="camel"):
    """`response` of an AdmissionReview."""

    uid: str
    allowed: bool
    status: Status | None = None
    warnings: list[str] | None = None
    patch: bytes = b""
    audit_annotations: Mapping[str, str] | None = None

    @property
    def operations(self) -> list[Operation]:
        return _decode_patch(self.patch) if self.patch else []

    def annotation(self, key: str) -> str:
        """An audit annotation, empty when there is none."""
        return (self.audit_annotations or {}).get(key, "")


class _Review(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    response: Response


_decode = msgspec.json.Decoder(_Review).decode
_decode_patch = msgspec.json.Decoder(list[Operation]).decode


def read_answer(body: bytes, uid: object) -> Response:
    """The response to the request with this uid; `UnansweredError` when it is another's, or none."""
    try:
        review = _decode(body)
        _ = review.response.operations
    except UNDECODABLE as error:
        raise UnansweredError(f"the answer cannot be understood: {error}") from error
    if (review.api_version, review.kind) != (API_VERSION, KIND):
        raise UnansweredError(
            f"the answer is kind {shown(review.kind)} of apiVersion {shown(review.api_version)}, not {KIND} of {API_VERSION}"
        )
    if review.response.uid != uid:
        raise UnansweredError(f"the answer has uid {shown(review.response.uid)}, the request {shown(uid)}")
    return review.response


_ROOT = "root"


def patched(obj: object, operations: Sequence[Operation]) -> object:
    """The object after the operations `test`, `add`, `replace` and `remove`; `UnansweredError` when one does not fit."""
    root = {_ROOT: copy.deepcopy(obj)}
    for operation in operations:
        try:
            _apply(root, operation)
        except (LookupError, ValueError, TypeError, RecursionError) as error:
            reason = "nothing stands there" if isinstance(error, LookupError) else error
            raise UnansweredError(
                f"the patch does not fit the object: {quoted(operation.op)} at {quoted(operation.path)}: {reason}"
            ) from error
    return root[_ROOT]


def compute_changes(obj: object, operations: Sequence[Operation]) -> Iterator[str]:
    """`requests.memory: 1Gi -> 1524Mi` for each resource of `compute` that the patch changes."""
    before, after = _resources(obj), _resources(patched(obj, operations))
    for slot in sorted(before.keys() | after.keys()):
        if before.get(slot) != after.get(slot):
            yield f"{slot}: {before.get(slot, 'none')} -> {after.get(slot, 'none')}"


def _apply(root: dict[str, object], operation: Operation) -> None:
    """One step; the object stands in another so that it can be replaced like anything in it."""
    *steps, last = [_ROOT, *(step.replace("~1", "/").replace("~0", "~") for step in operation.path.split("/")[1:])]
    parent: object = root
    for step in steps:
        parent = _child(parent, step)
    if operation.op == "remove" and not steps:
        raise ValueError("the whole object cannot be removed")
    if operation.op == "test":
        if _child(parent, last) != operation.value:
            raise ValueError("another value stands there")
    elif operation.op == "remove":
        _remove(parent, last)
    elif operation.op in ("add", "replace"):
        _put(parent, last, operation)
    else:
        raise ValueError("the operation is not known")


def _child(parent: object, step: str) -> object:
    if isinstance(parent, dict):
        return parent[step]
    return _listed(parent)[_index(step)]


def _put(parent: object, step: str, operation: Operation) -> None:
    if operation.op == "replace":
        _remove(parent, step)
    value = copy.deepcopy(operation.value)  # a later operation may change what an earlier one has put there
    if isinstance(parent, dict):
        parent[step] = value
        return
    items = _listed(parent)
    place = len(items) if step == "-" else _index(step)
    if place > len(items):
        raise ValueError("that is beyond the list's end")
    items.insert(place, value)


def _remove(parent: object, step: str) -> None:
    if isinstance(parent, dict):
        del parent[step]
    else:
        del _listed(parent)[_index(step)]


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("neither an object nor a list stands there")
    return value


def _index(step: str) -> int:
    if not step.isascii() or not step.isdigit():
        raise ValueError("that is no place in a list")
    return int(step)


def _resources(pod: object) -> Mapping[str, object]:
    """By slot: `requests.memory`."""
    containers = look_up(pod, ("spec", "containers"))
    found = [each for each in containers if look_up(each, ("name",)) == COMPUTE] if isinstance(containers, list) else []
    sections = look_up(found[0], ("resources",)) if found else None
    if not isinstance(sections, dict):
        return {}
    return {f"{name}.{key}": value for name, section in sections.items() if isinstance(section, dict) for key, value in section.items()}
