"""The bytes of an AdmissionReview in; its request and the objects that it carries out.

Only `admission.k8s.io/v1` is answered: v1beta1 went with Kubernetes 1.22, and its answers have another meaning of `patchType` and warnings.
Source of the shapes: k8s.io/api admission/v1 types.go, Kubernetes 1.36.
"""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import msgspec

from webhook.admission.answer import ReviewError
from webhook.admission.objects import CheckedObject, read_object
from webhook.kube.shape import UNDECODABLE
from webhook.kube.text import shown
from webhook.vmi.kinds import KINDS, Kind
from webhook.vmi.objects import Carrier, from_typed, has_typed_decoder

API_VERSION = "admission.k8s.io/v1"
KIND = "AdmissionReview"
VALIDATE = "/validate"
MUTATE = "/mutate"
"""The path of each webhook."""
OPERATIONS = frozenset({"CREATE", "UPDATE", "DELETE", "CONNECT"})

_READ = f'read is kind {KIND} of apiVersion {API_VERSION}; in the webhook configuration write admissionReviewVersions: ["v1"]'


class GroupVersionKind(msgspec.Struct, frozen=True, gc=False):
    """What the object in the request is."""

    group: str
    version: str
    kind: str


class UserInfo(msgspec.Struct, frozen=True, gc=False):
    """Who asks."""

    username: str = ""


class Request(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """What a request says about itself, beside the objects that it carries."""

    uid: str
    kind: GroupVersionKind
    operation: str
    sub_resource: str = ""
    name: str = ""
    namespace: str = ""
    user_info: UserInfo = UserInfo()
    dry_run: bool | None = None


R = TypeVar("R", bound=Request)


class Envelope(msgspec.Struct, Generic[R], frozen=True, rename="camel", gc=False):
    """An AdmissionReview, whose request holds the objects that a decoder reads."""

    api_version: str
    kind: str
    request: R


class _CarrierRequest(Request, frozen=True, gc=False):
    new: Carrier | None = msgspec.field(default=None, name="object")
    old: Carrier | None = msgspec.field(default=None, name="oldObject")


class _PlainObjects(msgspec.Struct, gc=False):
    new: object = msgspec.field(default=None, name="object")
    old: object = msgspec.field(default=None, name="oldObject")


class _PlainReview(msgspec.Struct, gc=False):
    request: _PlainObjects


class Objects(msgspec.Struct, frozen=True, gc=False):
    """The objects of a review.

    Attributes:
        new: What is to be created or updated; `None` when it is of a kind that holds nothing to check.
        old: What it was before an UPDATE; `None` without an object to compare with.
    """

    new: CheckedObject | None
    old: CheckedObject | None


class Review(msgspec.Struct, frozen=True, gc=False):
    """A review that can be answered.

    Attributes:
        request: What is asked.
        body: The bytes that it was read from.
        objects: Its objects, when the typed decoder could read them; `None` where only the tolerant one can, which takes longer.
    """

    request: Request
    body: bytes
    objects: Objects | None


_decode_request = msgspec.json.Decoder(Envelope[Request]).decode
_decode_carriers = msgspec.json.Decoder(Envelope[_CarrierRequest]).decode
_decode_plain = msgspec.json.Decoder(_PlainReview).decode
_decode_anything = msgspec.json.Decoder(dict[str, object]).decode
_TYPED: Mapping[tuple[str, str, str], Kind] = {
    (kind.group, version, kind.name): kind for kind in KINDS if has_typed_decoder(kind) for version in kind.versions
}


def open_review(body: bytes) -> Review:
    """The AdmissionReview in `body`, with its objects where the typed decoder can read them.

    Raises:
        ReviewError: The body is no AdmissionReview of v1 with a request, a uid and an operation, with what was found.
    """
    request, _ = open_request(body, _decode_carriers)
    kind = _TYPED.get((request.kind.group, request.kind.version, request.kind.kind))
    if kind is None or not isinstance(request, _CarrierRequest) or request.new is None:
        return Review(request, body, None)
    old = from_typed(request.old, kind) if request.old is not None else None
    return Review(request, body, Objects(from_typed(request.new, kind), old))


def open_request(body: bytes, decode: Callable[[bytes], Envelope[R]]) -> tuple[R | Request, msgspec.ValidationError | None]:
    """The request of the AdmissionReview in `body`, as `decode` reads it; where only its objects do not fit, a bare one and the error.

    Raises:
        ReviewError: As `open_review`.
    """
    envelope: Envelope[R] | Envelope[Request]
    misfit: msgspec.ValidationError | None = None
    try:
        try:
            envelope = decode(body)
        except msgspec.ValidationError as error:
            misfit, envelope = error, _decode_request(body)
    except UNDECODABLE as error:
        raise ReviewError(_unlike_a_review(body, error)) from error
    if envelope.api_version != API_VERSION or envelope.kind != KIND:
        raise ReviewError(f"found kind {shown(envelope.kind)} of apiVersion {shown(envelope.api_version)}; {_READ}")
    request = envelope.request
    if not request.uid:
        raise ReviewError('request.uid is "": an answer must repeat the uid of its request')
    if request.operation not in OPERATIONS:
        raise ReviewError(f"request.operation is {shown(request.operation)}; read are {', '.join(sorted(OPERATIONS))}")
    return request, misfit


def objects_of(review: Review) -> Objects:
    """The objects of a review: those that it has, or else what the tolerant decoder reads.

    Raises:
        ReviewError: There is no object to check.
        msgspec.DecodeError, UnicodeDecodeError, RecursionError: An object cannot be decoded whatever its shape may be.
    """
    if review.objects is not None:
        return review.objects
    request = review.request
    plain = _decode_plain(review.body).request
    if not isinstance(plain.new, dict):
        raise ReviewError(f"request.object of an operation {request.operation} must be an object")
    return Objects(read_object(_as_requested(plain.new, request.kind)), read_object(_as_requested(plain.old, request.kind)))


def _as_requested(obj: object, kind: GroupVersionKind) -> object:
    """The object as being of the kind that the request names, which is what the API server took it for."""
    return {**obj, "apiVersion": f"{kind.group}/{kind.version}", "kind": kind.kind} if isinstance(obj, dict) else obj


def undecodable(error: Exception) -> str:
    """What is wrong with bytes that could not be decoded, as a sentence without a full stop."""
    if isinstance(error, RecursionError):
        return "the body is nested too deeply"
    return f"the body is not the JSON of an {KIND}: {error}"


def _unlike_a_review(body: bytes, error: Exception) -> str:
    """Name another kind or version, which tells more than the first field that is missing there."""
    if isinstance(error, msgspec.ValidationError):
        try:
            found = _decode_anything(body)
        except UNDECODABLE:
            return f"{undecodable(error)}; {_READ}"
        kind, api_version = found.get("kind"), found.get("apiVersion")
        if kind == KIND and api_version == API_VERSION:
            return undecodable(error)
        return f"found kind {shown(kind)} of apiVersion {shown(api_version)}; {_READ}"
    return f"{undecodable(error)}; {_READ}"
