"""The overhead that is due to a launcher pod: what its VM's plugins declare, less what virt-controller has provably counted.

Mutation and validation of pods go by the same result, so that validation misses exactly what mutation adds.
"""

import enum
from collections.abc import Mapping
from typing import NamedTuple

from webhook.admission.answer import Answer, SkipReason, skipped
from webhook.admission.pods import COMPUTE, Compute, Container, OverheadMode, Pod, PodReview, VMIReference
from webhook.admission.resource_amounts import (
    APPLIED,
    REQUESTS_MEMORY,
    Amounts,
    declared_amounts,
    memory_is_registered,
    read_applied,
    total,
    write_applied,
)
from webhook.admission.resources import Sections, applicable, sections_of, with_amounts, with_overhead_annotation
from webhook.admission.rule_set import RuleSet
from webhook.kube.quantity import ZERO, Quantity
from webhook.kube.version import Version
from webhook.plugins.plugin import Plugin
from webhook.vmi.launcher import LauncherVMI, read_launcher_vmi

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


def may_count(version: Version | None) -> bool:
    """Whether KubeVirt of this version counts the plugins' memory itself, as far as that is known."""
    return version is None or version >= COUNTS_SINCE


def is_own(key: str, of_pod: Mapping[str, str], of_vmi: Mapping[str, str]) -> bool:
    """Whether the pod has an annotation or label that is not a copy of its VMI's."""
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


class OverheadDue(NamedTuple):
    """The overhead that is due to a pod.

    Attributes:
        compute: The container that lacks it.
        amounts: How much, by slot.
        declared: What each plugin declares, by plugin and slot.
        resources: The container's resources as they should be.
        annotations: The annotations that belong to that, with their values.
        is_counted_twice: Whether KubeVirt has counted memory of `amounts` too.
    """

    compute: Compute
    amounts: Amounts
    declared: Mapping[str, Amounts]
    resources: Sections
    annotations: Mapping[str, str]
    is_counted_twice: bool

    def plugins(self, *slots: str) -> list[str]:
        """The plugins that declare something for one of the slots; for any that is due when none is named."""
        wanted = set(slots or self.amounts)
        return [name for name, amounts in self.declared.items() if wanted & amounts.keys()]


def due_to(review: PodReview, vmi: bytes | None, rule_set: RuleSet, mode: OverheadMode) -> OverheadDue | Answer:
    """What is due to the pod of the review, or the answer that leaves it as it is.

    Args:
        review: The review of the pod.
        vmi: The JSON of the VMI that the pod names; `None` when there is none.
        rule_set: What is registered.
        mode: Which memory is added; with `even-if-counted` all that is declared.
    """
    if mode is OverheadMode.OFF:
        return skipped(SkipReason.MODE_OFF)
    proved = review.vmi if isinstance(review.vmi, SkipReason) else _proved(review.vmi, vmi)
    if isinstance(proved, SkipReason):
        return skipped(proved)
    try:
        due = _due(review.pod, proved, rule_set, even_if_counted=mode is OverheadMode.EVEN_IF_COUNTED)
    except ValueError as error:
        return skipped(SkipReason.UNREADABLE_QUANTITY, str(error))
    return skipped(due) if isinstance(due, SkipReason) else due


def _proved(named: VMIReference, vmi: bytes | None) -> LauncherVMI | SkipReason:
    """The VMI, if it is the one that the pod names: only its uid proves that."""
    if vmi is None:
        return SkipReason.VMI_NOT_FOUND
    found = read_launcher_vmi(vmi)
    if found is None:
        return SkipReason.VMI_UNREADABLE
    return found if found.metadata.uid == named.uid else SkipReason.UID_MISMATCH


def _due(pod: Pod, vmi: LauncherVMI, rule_set: RuleSet, *, even_if_counted: bool) -> OverheadDue | SkipReason:
    """What the plugins declare, as far as KubeVirt has provably not counted it."""
    names = vmi.plugin_names
    if not names:
        return SkipReason.NO_PLUGINS
    registered = rule_set.registry.plugins
    plugins = {name: registered[name] for name in names if name in registered}
    declared = declared_amounts(plugins, rule_set.supplementary)
    evidence = evidence_in(pod, vmi, rule_set.registry.version)
    due = total(declared.values())
    if evidence is not Evidence.NOT_COUNTED and not even_if_counted:
        due.pop(REQUESTS_MEMORY, None)
    if not due:
        return _nothing_due(declared, plugins, evidence)
    is_counted = evidence is Evidence.COUNTED and memory_is_registered(plugins.values())
    return _rest(pod, vmi, due, declared, is_counted=is_counted)


def _nothing_due(declared: Mapping[str, Amounts], plugins: Mapping[str, Plugin], evidence: Evidence) -> SkipReason:
    """Why no amount is due. Supplementary memory is for KubeVirt up to 1.2: where it is later, nothing of the kind is declared."""
    if not declared:
        return SkipReason.NOTHING_DECLARED
    if evidence is Evidence.UNKNOWN:
        return SkipReason.NOT_PROVABLE
    return SkipReason.COUNTED_BY_KUBEVIRT if memory_is_registered(plugins.values()) else SkipReason.NOTHING_DECLARED


def _rest(pod: Pod, vmi: LauncherVMI, due: Amounts, declared: Mapping[str, Amounts], *, is_counted: bool) -> OverheadDue | SkipReason:
    """What is due, less what the pod's annotation says was added."""
    compute, of_vmi = pod.compute(), vmi.annotations.get(APPLIED)
    if compute is None:
        return SkipReason.NO_COMPUTE_CONTAINER
    fitting = applicable(due, compute.container.resources, vmi)
    before = read_applied(pod.annotations.get(APPLIED), of_vmi)
    amounts = _less(fitting, before)
    if not amounts:
        return SkipReason.ALREADY_ADDED if fitting else SkipReason.NOT_APPLICABLE
    sections = sections_of(compute.container.resources) or {}
    resources, account = with_amounts(sections, amounts, vmi), _account(pod, amounts, vmi)
    if resources == sections and not account:
        return SkipReason.NOT_APPLICABLE  # guest overhead that is overcommitted, and no limit
    applied = write_applied(before | {slot: fitting[slot] for slot in amounts}, of_vmi)
    return OverheadDue(compute, amounts, declared, resources, account | {APPLIED: applied}, is_counted and REQUESTS_MEMORY in amounts)


def _account(pod: Pod, due: Amounts, vmi: LauncherVMI) -> dict[str, str]:
    """KubeVirt's own account of the overhead, raised: its VMI status, metric and hotplug check follow it. A VMI's own is not KubeVirt's."""
    if not is_own(MEMORY_OVERHEAD_BYTES, pod.annotations, vmi.annotations) or REQUESTS_MEMORY not in due:
        return {}
    return {MEMORY_OVERHEAD_BYTES: with_overhead_annotation(pod.annotations[MEMORY_OVERHEAD_BYTES], due[REQUESTS_MEMORY])}


def _less(due: Amounts, before: Amounts) -> Amounts:
    """The amounts less what was added; never below zero, since nothing is taken away from a pod."""
    rest = {slot: Quantity(amount.nanos - before.get(slot, ZERO).nanos, amount.format) for slot, amount in due.items()}
    return {slot: amount for slot, amount in rest.items() if amount > ZERO}
