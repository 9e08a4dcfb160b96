"""The review of a pod, decoded as far as its overhead depends on it.

Source of the shapes: k8s.io/api core/v1 and admission/v1 types.go, Kubernetes 1.36.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from webhook.admission.answer import ReviewError
from webhook.admission.envelope import API_VERSION, KIND, OPERATIONS, open_review, undecodable
from webhook.admission.review import GroupVersionKind, Header, Request
from webhook.kube.shape import UNDECODABLE
from webhook.vmi.launcher import PodMetadata, VMIReference

COMPUTE = "compute"
"""The container that QEMU runs in: the first as rendered, anywhere once other webhooks have been there."""

POD = GroupVersionKind(group="", version="v1", kind="Pod")


class EnvVar(msgspec.Struct, frozen=True, gc=False):
    """`env[]` of a container."""

    name: str = ""


class Resources(msgspec.Struct, frozen=True, gc=False):
    """`resources` of a container. The values are strings when the API server writes them; anything when someone else does."""

    requests: Mapping[str, Any] | None = None
    limits: Mapping[str, Any] | None = None


class Container(msgspec.Struct, frozen=True, gc=False):
    """A container, of either list."""

    name: str = ""
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[EnvVar] | None = None
    resources: Resources | None = None


class PodSpec(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """`spec` of a pod."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None


class Compute(NamedTuple):
    """The container `compute` and its place in `spec.containers`."""

    place: int
    container: Container


class Pod(msgspec.Struct, frozen=True, gc=False):
    """A pod."""

    metadata: PodMetadata = PodMetadata()
    spec: PodSpec = PodSpec()

    @property
    def annotations(self) -> Mapping[str, str]:
        return self.metadata.annotations or {}

    @property
    def labels(self) -> Mapping[str, str]:
        return self.metadata.labels or {}

    def compute(self) -> Compute | None:
        """The one container `compute`, or `None` when there is none, or more than one."""
        found = [Compute(place, each) for place, each in enumerate(self.spec.containers or ()) if each.name == COMPUTE]
        return found[0] if len(found) == 1 else None


class PodReview(NamedTuple):
    """What is asked about a pod.

    Attributes:
        request: Who asks for what; carries no object.
        pod: The pod; an empty one when the request has none.
        vmi: The VMI that the pod names; `None` when it names none that is believed.
    """

    request: Request
    pod: Pod = Pod()
    vmi: VMIReference | None = None


class _PodRequest(Header, frozen=True, rename="camel", gc=False):
    carried: Pod | None = msgspec.field(default=None, name="object")


class _Review(msgspec.Struct, frozen=True, rename="camel", gc=False):
    api_version: str
    kind: str
    request: _PodRequest


_decode = msgspec.json.Decoder(_Review).decode
_HEADER = Header.__struct_fields__


def read_pod_review(body: bytes) -> PodReview:
    """The review in `body`, which names no VMI yet.

    An object that is no pod is skipped, so that a webhook configuration with too wide a net does no harm.

    Raises:
        ReviewError: The body is no v1 AdmissionReview that can be answered, or its pod to be created has the shape of none.
    """
    try:
        review = _decode(body)
    except UNDECODABLE as error:
        return _without_pod(open_review(body), error)
    request = review.request
    if (review.api_version, review.kind) != (API_VERSION, KIND) or not request.uid or request.operation not in OPERATIONS:
        return PodReview(open_review(body))  # which says what is wrong
    return PodReview(Request(**{field: getattr(request, field) for field in _HEADER}), request.carried or Pod())


def _without_pod(request: Request, error: Exception) -> PodReview:
    if request.kind == POD and request.operation == "CREATE" and not request.sub_resource:
        raise ReviewError(undecodable(error)) from error
    return PodReview(request)
