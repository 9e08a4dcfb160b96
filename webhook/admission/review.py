"""A review: the decoded request of an AdmissionReview, and the findings about the object that it carries. Gives no verdict.

Source of the shapes: k8s.io/api admission/v1 types.go, Kubernetes 1.36.
"""

from collections.abc import Mapping

import msgspec

from webhook.admission.judge import judge
from webhook.rules.base import Finding
from webhook.rules.plan import Plan
from webhook.vmi.kinds import KINDS, Kind
from webhook.vmi.objects import Carrier


class GroupVersionKind(msgspec.Struct, frozen=True, gc=False):
    """What the object in the request is."""

    group: str
    version: str
    kind: str


class Request(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The parts of `request` that decide anything."""

    uid: str
    kind: GroupVersionKind
    operation: str
    sub_resource: str = ""
    carried: Carrier | None = msgspec.field(default=None, name="object")


class Review(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """An AdmissionReview as the API server sends it."""

    api_version: str
    kind: str
    request: Request


class _PlainRequest(msgspec.Struct):
    carried: object = msgspec.field(default=None, name="object")


class _PlainReview(msgspec.Struct):
    request: _PlainRequest


_decode = msgspec.json.Decoder(Review).decode
_decode_plain = msgspec.json.Decoder(_PlainReview).decode
_FAST: Mapping[tuple[str, str, str], Kind] = {
    (kind.group, version, kind.name): kind for kind in KINDS if not kind.is_template for version in kind.versions
}


def findings_in(body: bytes, plan: Plan) -> list[Finding] | None:
    """What is wrong with the object of the AdmissionReview in `body`, or `None` when it holds nothing to judge.

    The fast way decodes just what rules read. An object that does not fit, or of another kind, goes the way of `check`, which takes any
    shape and tells every misfit. `msgspec.DecodeError` when the body is no AdmissionReview.
    """
    try:
        request = _decode(body).request
    except msgspec.ValidationError:
        return _slowly(body, plan)
    kind = _FAST.get((request.kind.group, request.kind.version, request.kind.kind))
    vmi = request.carried.vmi(kind.name) if kind is not None and request.carried is not None else None
    if kind is None or vmi is None:
        return _slowly(body, plan)
    return plan.judge_vmi(vmi, kind.spec)


def _slowly(body: bytes, plan: Plan) -> list[Finding] | None:
    return judge(_decode_plain(body).request.carried, plan)
