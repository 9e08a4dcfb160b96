"""A review: the decoded request of an AdmissionReview, with the objects that it carries.

Source of the shapes: k8s.io/api admission/v1 types.go, Kubernetes 1.36.
"""

from collections.abc import Mapping

import msgspec

from webhook.vmi.kinds import KINDS, Kind
from webhook.vmi.objects import Carrier


class GroupVersionKind(msgspec.Struct, frozen=True, gc=False):
    """What the object in the request is."""

    group: str
    version: str
    kind: str


class UserInfo(msgspec.Struct, frozen=True, gc=False):
    """Who asks."""

    username: str = ""


class Header(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """What a request says about itself, beside the objects that it carries."""

    uid: str
    kind: GroupVersionKind
    operation: str
    sub_resource: str = ""
    name: str = ""
    namespace: str = ""
    user_info: UserInfo = UserInfo()
    dry_run: bool | None = None


class Request(Header, frozen=True, rename="camel", gc=False):
    """The parts of `request` that decide anything, or that are told about it; no objects where one of them does not fit."""

    carried: Carrier | None = msgspec.field(default=None, name="object")
    carried_before: Carrier | None = msgspec.field(default=None, name="oldObject")


class Review(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """An AdmissionReview as the API server sends it."""

    api_version: str
    kind: str
    request: Request


class _HeaderReview(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    request: Header


class _PlainRequest(msgspec.Struct):
    carried: object = msgspec.field(default=None, name="object")
    carried_before: object = msgspec.field(default=None, name="oldObject")


class _PlainReview(msgspec.Struct):
    request: _PlainRequest


_decode = msgspec.json.Decoder(Review).decode
_decode_header = msgspec.json.Decoder(_HeaderReview).decode
_decode_plain = msgspec.json.Decoder(_PlainReview).decode
_FAST: Mapping[tuple[str, str, str], Kind] = {
    (kind.group, version, kind.name): kind for kind in KINDS if not kind.is_template for version in kind.versions
}


def read(body: bytes) -> Review:
    """The AdmissionReview in `body`; one whose objects do not fit is read without them.

    `msgspec.DecodeError` when the body is no AdmissionReview, `UnicodeDecodeError` and `RecursionError` when it is hostile.
    """
    try:
        return _decode(body)
    except msgspec.ValidationError:
        review = _decode_header(body)
    header = {field: getattr(review.request, field) for field in Header.__struct_fields__}
    return Review(api_version=review.api_version, kind=review.kind, request=Request(**header))


def fast_kind(request: Request) -> Kind | None:
    """The kind that a request is about, if its objects are decoded as what rules read; `None` for all that goes the way of `check`."""
    told = request.kind
    return _FAST.get((told.group, told.version, told.kind))


def plain_objects(body: bytes) -> tuple[object, object]:
    """`object` and `oldObject` as plain data of any shape; raises as `read` does."""
    request = _decode_plain(body).request
    return request.carried, request.carried_before
