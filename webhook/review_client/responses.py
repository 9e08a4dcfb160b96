"""The body of an answer as a value, whoever gave it."""

from collections.abc import Mapping

import msgspec

from webhook.admission.envelope import API_VERSION, KIND
from webhook.kube.shape import UNDECODABLE
from webhook.kube.text import shown
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
