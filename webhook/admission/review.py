"""A review: the decoded request of an AdmissionReview, and the findings about the object that it carries. Gives no verdict.

Source of the shapes: k8s.io/api admission/v1 types.go, Kubernetes 1.36.
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from webhook.admission.judge import judge
from webhook.rules.base import Finding
from webhook.rules.plan import Plan
from webhook.vmi.kinds import KINDS
from webhook.vmi.objects import VM, Pool, VMIObject
from webhook.vmi.vmi import VMI


class GroupVersionKind(msgspec.Struct, frozen=True, gc=False):
    """What the object in the request is."""

    group: str
    version: str
    kind: str


class Request(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The parts of `request` that decide anything; `object` is decoded once its kind is known."""

    uid: str
    kind: GroupVersionKind
    operation: str
    sub_resource: str = ""
    object: msgspec.Raw = msgspec.Raw(b"null")


class Review(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """An AdmissionReview as the API server sends it."""

    api_version: str
    kind: str
    request: Request


class _CarriesVMI(Protocol):
    def vmi(self) -> VMI: ...


_decode_review = msgspec.json.Decoder(Review).decode
_TYPES: Mapping[str, type[VM] | type[VMIObject] | type[Pool]] = {
    "VirtualMachine": VM,
    "VirtualMachineInstance": VMIObject,
    "VirtualMachineInstanceReplicaSet": VM,
    "VirtualMachinePool": Pool,
}
_DECODERS: Mapping[tuple[str, str], tuple[msgspec.json.Decoder[VM | VMIObject | Pool], tuple[str | int, ...]]] = {
    (kind.group, kind.name): (msgspec.json.Decoder(_TYPES[kind.name]), kind.spec) for kind in KINDS if kind.name in _TYPES
}


def read_review(body: bytes) -> Review:
    """The review in a request body; `msgspec.DecodeError` (of which a wrong type is one) when there is none."""
    return _decode_review(body)


def findings_about(review: Review, plan: Plan) -> list[Finding] | None:
    """What is wrong with the review's object, or `None` when it holds nothing to judge.

    The fast way decodes just what rules read. An object that does not fit goes the way of `check`, which tells every misfit.
    """
    request = review.request
    known = _DECODERS.get((request.kind.group, request.kind.kind))
    if known is None:
        return judge(msgspec.json.decode(request.object), plan)
    decoder, path = known
    try:
        carrier: _CarriesVMI = decoder.decode(request.object)
    except msgspec.ValidationError:
        return judge(msgspec.json.decode(request.object), plan)
    return plan.judge_vmi(carrier.vmi(), path)
