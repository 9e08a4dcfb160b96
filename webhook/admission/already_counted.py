"""Whether virt-controller has counted the plugins' memory in a launcher pod already: evidence in the pod itself, else the version.

virt-controller counts it since 1.3. The boundary is seen in each pod, and so holds during an upgrade too: the same release began to write
the annotation `request-evict-only`, always with an empty value (kubevirt/kubevirt pkg/virt-controller/services/template.go, v1.2.2 and
v1.3.0). KubeVirt copies the annotations and labels of a VMI to its pod, so what the pod has from its VMI proves nothing.

Two limits remain. An owner who removes such an annotation from the VMI between the rendering of the pod and its admission is not seen; from
1.3 on there is nothing to gain by that, as KubeVirt has counted the memory itself. And where nobody knows KubeVirt's version, a VMI that
carries `request-evict-only` with an empty value makes its pod undecidable: `kubevirtVersion` in the configuration then decides.
"""

import enum
from collections.abc import Mapping

from webhook.admission.pods import COMPUTE, Container, Pod
from webhook.kube.version import Version
from webhook.vmi.launcher import LauncherVMI

MEMORY_OVERHEAD_BYTES = "kubevirt.io/memory-overhead-bytes"
COUNTS_SINCE = Version(1, 3)

_EVICT_ONLY = ("descheduler.alpha.kubernetes.io/request-evict-only", "")  # 1.3
_ID = "vmi.kubevirt.io/id"  # 1.7
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

    Any mark of 1.3 or later that the VMI has not brought proves that it did. A pod without `request-evict-only` proves that it did not,
    unless the version contradicts: then the annotation was lost on the way, or a fork does not write it. Where the VMI has brought that
    annotation, the version alone decides.
    """
    if _has_own_mark(pod, vmi):
        return Evidence.COUNTED
    if version is not None:
        return Evidence.NOT_COUNTED if version < COUNTS_SINCE else Evidence.UNKNOWN
    return Evidence.UNKNOWN if _EVICT_ONLY in pod.annotations.items() else Evidence.NOT_COUNTED


def is_own(key: str, of_pod: Mapping[str, str], of_vmi: Mapping[str, str]) -> bool:
    """Whether the pod has an annotation or label that is no copy of its VMI's."""
    return key in of_pod and of_pod[key] != of_vmi.get(key)


def _has_own_mark(pod: Pod, vmi: LauncherVMI) -> bool:
    return bool(
        (_EVICT_ONLY in pod.annotations.items() and _EVICT_ONLY not in vmi.annotations.items())
        or is_own(MEMORY_OVERHEAD_BYTES, pod.annotations, vmi.annotations)  # 1.8
        or is_own(_ID, pod.labels, vmi.labels)
        or any(each.name == _INIT_CONTAINER for each in pod.spec.init_containers or ())
        or any(_is_of_later_release(each) for each in pod.spec.containers or ())
    )


def _is_of_later_release(container: Container) -> bool:
    if container.name == COMPUTE:
        words = [*(container.command or ()), *(container.args or ())]
        return any(word.partition("=")[0] in _FLAGS for word in words)
    return container.name.startswith(_SIDECAR) and any(each.name in _SIDECAR_ENV for each in container.env or ())
