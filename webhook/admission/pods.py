"""The review of a pod, decoded as far as its overhead depends on it.

Source of the shapes: k8s.io/api core/v1 and admission/v1 types.go, Kubernetes 1.36.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from webhook.admission.answer import ReviewError
from webhook.admission.review import Envelope, GroupVersionKind, Request, open_request, undecodable
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


class _PodRequest(Request, frozen=True, gc=False):
    pod: Pod | None = msgspec.field(default=None, name="object")


_decode = msgspec.json.Decoder(Envelope[_PodRequest]).decode


def read_pod_review(body: bytes) -> PodReview:
    """The review in `body`, which names no VMI yet.

    An object that is no pod is skipped, so that a webhook configuration with too wide a net does no harm.

    Raises:
        ReviewError: The body is no v1 AdmissionReview that can be answered, or its pod to be created has the shape of none.
    """
    request = open_request(body, _decode)
    if isinstance(request, _PodRequest):
        return PodReview(request, request.pod or Pod())
    if request.kind == POD and request.operation == "CREATE" and not request.sub_resource:
        try:
            _decode(body)
        except UNDECODABLE as error:
            raise ReviewError(undecodable(error)) from error
    return PodReview(request)
