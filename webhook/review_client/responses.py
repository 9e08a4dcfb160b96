"""Reads the response to a review, and applies its JSON Patch (RFC 6902) to the object."""

import copy
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from jsonpatch import JsonPatch, JsonPatchException, JsonPointerException

from webhook.admission.pods import COMPUTE
from webhook.admission.review import API_VERSION, KIND
from webhook.kube.fieldpath import look_up
from webhook.kube.shape import UNDECODABLE
from webhook.kube.text import quoted, shown
from webhook.review_client.client import UnansweredError


class StatusCause(msgspec.Struct, frozen=True):
    """`status.details.causes[]`."""

    field: str = ""
    message: str = ""


class StatusDetails(msgspec.Struct, frozen=True):
    """`status.details`."""

    kind: str = ""
    name: str = ""
    causes: list[StatusCause] | None = None


class ResponseStatus(msgspec.Struct, frozen=True):
    """`status` of a response."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: StatusDetails | None = None


class Operation(msgspec.Struct, frozen=True):
    """One operation of a JSON Patch."""

    op: str
    path: str
    value: object = msgspec.UNSET
    from_: str | msgspec.UnsetType = msgspec.field(name="from", default=msgspec.UNSET)


class Response(msgspec.Struct, frozen=True, rename="camel"):
    """`response` of an AdmissionReview."""

    uid: str
    allowed: bool
    status: ResponseStatus | None = None
    warnings: list[str] | None = None
    patch: bytes = b""
    audit_annotations: Mapping[str, str] | None = None

    @property
    def operations(self) -> list[Operation]:
        return _decode_patch(self.patch) if self.patch else []

    def annotation(self, key: str) -> str:
        """An audit annotation; empty if there is none."""
        return (self.audit_annotations or {}).get(key, "")


class _Review(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    response: Response


_decode = msgspec.json.Decoder(_Review).decode
_decode_patch = msgspec.json.Decoder(list[Operation]).decode


def read_answer(body: bytes, uid: object) -> Response:
    """The response to the request with this uid; `UnansweredError` if it has another uid, or is not a response."""
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


def patched(obj: object, operations: Sequence[Operation]) -> object:
    """The object after the patch; `obj` stays as it is.

    Raises:
        UnansweredError: An operation is not one of JSON Patch, or does not fit the object.
    """
    root = copy.deepcopy(obj)
    for operation in operations:
        try:
            root = JsonPatch([msgspec.to_builtins(operation)]).apply(root, in_place=True)
        except (JsonPatchException, JsonPointerException, TypeError, ValueError, LookupError, RecursionError) as error:
            raise UnansweredError(
                f"the patch does not fit the object: cannot {quoted(operation.op)} at {quoted(operation.path)}"
            ) from error
    return root


def compute_changes(obj: object, operations: Sequence[Operation]) -> Iterator[str]:
    """`requests.memory: 1Gi -> 1524Mi` for each resource of `compute` that the patch changes."""
    before, after = _resources(obj), _resources(patched(obj, operations))
    for slot in sorted(before.keys() | after.keys()):
        if before.get(slot) != after.get(slot):
            yield f"{slot}: {before.get(slot, 'none')} -> {after.get(slot, 'none')}"


def _resources(pod: object) -> Mapping[str, object]:
    """By slot: `requests.memory`."""
    containers = look_up(pod, ("spec", "containers"))
    found = [each for each in containers if look_up(each, ("name",)) == COMPUTE] if isinstance(containers, list) else []
    sections = look_up(found[0], ("resources",)) if found else None
    if not isinstance(sections, dict):
        return {}
    return {f"{name}.{key}": value for name, section in sections.items() if isinstance(section, dict) for key, value in section.items()}
