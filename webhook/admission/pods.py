"""The review of a launcher pod: the pod, decoded as far as its overhead depends on it, and the VMI that it names.

Whoever may create pods can write any label or owner on one, so nothing here is proof before the VMI itself has been read and has the uid
that the pod names. Source of the shapes: k8s.io/api core/v1 and admission/v1 types.go, Kubernetes 1.36.
"""

import enum
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from webhook.admission.answer import ReviewError, SkipReason
from webhook.admission.review import Envelope, GroupVersionKind, Request, open_request, undecodable
from webhook.kube.metadata import ObjectMeta, OwnerReference
from webhook.kube.names import is_dns_name
from webhook.vmi.kinds import split_api_version

LABEL = "kubevirt.io"
LAUNCHER = "virt-launcher"
CREATED_BY = "kubevirt.io/created-by"
COMPUTE = "compute"
"""The container that QEMU runs in: the first as rendered, anywhere once other webhooks have been there."""

POD = GroupVersionKind(group="", version="v1", kind="Pod")


class OverheadMode(enum.StrEnum):
    """Which memory is added: `auto` what KubeVirt provably has not counted, `off` none.

    `even-if-counted` adds all that is declared, for forks of KubeVirt that never count: KubeVirt 1.3 and later counts it too.
    """

    AUTO = "auto"
    EVEN_IF_COUNTED = "even-if-counted"
    OFF = "off"


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

    metadata: ObjectMeta = ObjectMeta()
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


class VMIReference(NamedTuple):
    """The VMI that a pod says it is of. Namespace and name are DNS names: safe in a path or a URL."""

    namespace: str
    name: str
    uid: str


class PodReview(NamedTuple):
    """The review of a pod.

    Attributes:
        request: What is asked.
        pod: The pod; an empty one when the request has none.
        vmi: The VMI that the pod names, or why none is read for it.
    """

    request: Request
    pod: Pod
    vmi: VMIReference | SkipReason


class _PodRequest(Request, frozen=True, gc=False):
    pod: Pod | None = msgspec.field(default=None, name="object")


_decode = msgspec.json.Decoder(Envelope[_PodRequest]).decode


def open_pod_review(body: bytes, mode: OverheadMode = OverheadMode.AUTO, creators: frozenset[str] | None = None) -> PodReview:
    """The review of a pod in `body`.

    An object that is no pod is skipped, so that a webhook configuration with too wide a net does no harm.

    Args:
        body: The bytes of an AdmissionReview.
        mode: What mutation adds.
        creators: The users that create launcher pods; `None` when that is not known: then the pod's owner and the VMI itself decide.

    Raises:
        ReviewError: The body is no v1 AdmissionReview that can be answered, or its pod to be created has the shape of none.
    """
    request, misfit = open_request(body, _decode)
    if misfit is not None and request.kind == POD and request.operation == "CREATE" and not request.sub_resource:
        raise ReviewError(undecodable(misfit)) from misfit
    pod = (request.pod if isinstance(request, _PodRequest) else None) or Pod()
    by_kubevirt = creators is None or request.user_info.username in creators
    vmi = _skip_reason(request, mode) or vmi_of(pod.metadata, request.namespace, by_kubevirt=by_kubevirt)
    if isinstance(vmi, VMIReference) and pod.compute() is None:
        vmi = SkipReason.NO_COMPUTE_CONTAINER
    return PodReview(request, pod, vmi)


def _skip_reason(request: Request, mode: OverheadMode) -> SkipReason | None:
    if mode is OverheadMode.OFF:
        return SkipReason.MODE_OFF
    if request.operation != "CREATE":
        return SkipReason.NOT_CREATE
    if request.sub_resource:
        return SkipReason.SUBRESOURCE
    return None if request.kind == POD else SkipReason.NOT_A_POD


def vmi_of(metadata: ObjectMeta, namespace: str, *, by_kubevirt: bool = True) -> VMIReference | SkipReason:
    """The VMI that a pod in `namespace` names as its one controller, or why it names none that is believed.

    `by_kubevirt` is false when somebody else than KubeVirt creates the pod. The name is the owner's: the label `vm.kubevirt.io/name` holds
    a hostname; the API server asks of an owner's name only that it is not empty. The label `kubevirt.io/created-by` must agree, as
    KubeVirt writes it over whatever a VMI has there (kubevirt/kubevirt pkg/virt-controller/services/template.go@v1.9.0).
    """
    if metadata.deletion_timestamp is not None:
        return SkipReason.DELETING
    labels = metadata.labels or {}
    if labels.get(LABEL) != LAUNCHER:
        return SkipReason.NOT_A_LAUNCHER
    if not by_kubevirt:
        return SkipReason.UNKNOWN_REQUESTER
    controllers = [owner for owner in metadata.owner_references or () if owner.controller]
    if len(controllers) != 1 or not _is_vmi(controllers[0]) or not is_dns_name(controllers[0].name) or not is_dns_name(namespace):
        return SkipReason.NO_VMI_OWNER
    owner = controllers[0]
    if not owner.uid or owner.uid != labels.get(CREATED_BY):
        return SkipReason.CREATED_BY_MISMATCH
    return VMIReference(namespace, owner.name, owner.uid)


def _is_vmi(owner: OwnerReference) -> bool:
    return owner.kind == "VirtualMachineInstance" and split_api_version(owner.api_version)[0] == "kubevirt.io"
