"""Whether virt-controller has counted the plugins' memory in a launcher pod already: evidence in the pod itself, else the version.

virt-controller counts it since 1.3. The boundary is seen in each pod, and so holds during an upgrade too: the same release began to write
the annotation `request-evict-only` (kubevirt/kubevirt pkg/virt-controller/services/template.go, v1.2.2 and v1.3.0). KubeVirt copies the
annotations and labels of a VMI to its pod, so what the VMI carries proves nothing.
"""

import enum

from webhook.admission.pods import COMPUTE, Container, Pod
from webhook.kube.version import Version
from webhook.vmi.launcher import LauncherVMI

MEMORY_OVERHEAD_BYTES = "kubevirt.io/memory-overhead-bytes"
COUNTS_SINCE = Version(1, 3)

_ANNOTATIONS = frozenset({"descheduler.alpha.kubernetes.io/request-evict-only", MEMORY_OVERHEAD_BYTES})  # 1.3, 1.8
_LABELS = frozenset({"vmi.kubevirt.io/id"})  # 1.7
_INIT_CONTAINER = "guest-console-log"  # 1.6; a container before
_FLAGS = ("--disk-memory-limit", "--hypervisor")  # 1.6, 1.8; of compute alone: a VMI's annotation chooses the arguments of its sidecars
_SIDECAR = "hook-sidecar-"
_SIDECAR_ENV = frozenset({"CONTAINER_NAME", "NETWORK_BINDING_PLUGIN_NAME"})  # 1.6, 1.9


class Evidence(enum.Enum):
    """What is known about the memory that the registry declares."""

    COUNTED = "counted"
    NOT_COUNTED = "not counted"
    UNKNOWN = "unknown"


def evidence_in(pod: Pod, vmi: LauncherVMI, version: Version | None) -> Evidence:
    """Whether the pod's renderer counted the plugins' memory; `version` is that of KubeVirt, as far as the registry tells it.

    Any mark of 1.3 or later that the VMI cannot have brought proves that it did. No mark at all proves that it did not, unless the version
    contradicts: then marks were lost on the way, or a fork does not write them. Marks that the VMI itself carries prove nothing, and
    hide what would: then the version alone decides.
    """
    if _has_own_mark(pod, vmi):
        return Evidence.COUNTED
    if version is not None:
        return Evidence.NOT_COUNTED if version < COUNTS_SINCE else Evidence.UNKNOWN
    carried = _ANNOTATIONS & vmi.annotations.keys() or _LABELS & vmi.labels.keys()
    return Evidence.UNKNOWN if carried else Evidence.NOT_COUNTED


def _has_own_mark(pod: Pod, vmi: LauncherVMI) -> bool:
    return bool(
        _ANNOTATIONS & pod.annotations.keys() - vmi.annotations.keys()
        or _LABELS & pod.labels.keys() - vmi.labels.keys()
        or any(each.name == _INIT_CONTAINER for each in pod.spec.init_containers or ())
        or any(_is_of_later_release(each) for each in pod.spec.containers or ())
    )


def _is_of_later_release(container: Container) -> bool:
    if container.name == COMPUTE:
        words = [*(container.command or ()), *(container.args or ())]
        return any(word.partition("=")[0] in _FLAGS for word in words)
    return container.name.startswith(_SIDECAR) and any(each.name in _SIDECAR_ENV for each in container.env or ())
