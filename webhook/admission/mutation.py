"""A pod's review in, an answer out: the overhead that its VM's plugins declare, less what is counted already. Does not read the VMI itself.

Two pure steps around one await: `wanted_vmi` says which VMI is to be read, `mutate` answers when it has been. Whatever is odd about a pod
or its VMI leaves the pod as it is, with the reason: a virt-launcher pod must never fail on our account.
"""

import enum
from collections.abc import Iterator

from webhook.admission.amounts import REQUESTS_MEMORY, Amounts, declared_amounts, memory_is_registered
from webhook.admission.answer import Answer, Decision
from webhook.admission.counted import MEMORY_OVERHEAD_BYTES, Evidence, evidence_in
from webhook.admission.marker import free_key, read_marker, write_marker
from webhook.admission.patch import Operation, expect, merge, put
from webhook.admission.pods import COMPUTE, POD, Container, Pod, PodReview, read_pod_review
from webhook.admission.resources import applicable, sections_of, with_amounts
from webhook.admission.rulebook import Rulebook
from webhook.kube.fieldpath import Path
from webhook.kube.quantity import ZERO, Quantity
from webhook.plugins.overhead import with_overhead_annotation
from webhook.plugins.plugin import Plugin
from webhook.vmi.launcher import LauncherVMI, Stray, VMIReference, read_launcher_vmi, vmi_of

_ANNOTATIONS: Path = ("metadata", "annotations")


class OverheadMode(enum.StrEnum):
    """Which memory is added: `auto` what KubeVirt provably has not counted, `always` all that is declared (for forks), `off` nothing."""

    AUTO = "auto"
    ALWAYS = "always"
    OFF = "off"


class Unpatched(enum.StrEnum):
    """Why a pod stays as it is, besides `Stray`."""

    MODE_OFF = "mode-off"
    NOT_CREATE = "not-create"
    SUBRESOURCE = "subresource"
    NOT_A_POD = "not-a-pod"
    NO_COMPUTE_CONTAINER = "no-compute-container"
    VMI_NOT_FOUND = "vmi-not-found"
    VMI_UNREADABLE = "vmi-unreadable"
    NO_PLUGINS = "no-plugins"
    NOTHING_DECLARED = "nothing-declared"
    COUNTED_BY_KUBEVIRT = "counted-by-kubevirt"
    NOT_PROVABLE = "not-provable"
    NOT_APPLICABLE = "not-applicable"
    ALREADY_ADDED = "already-added"
    MARKERS_TAKEN = "markers-taken"
    UNREADABLE_QUANTITY = "unreadable-quantity"


REASONS: tuple[str, ...] = (*Stray, *Unpatched)
"""Every reason that an answer here can have, for metrics."""


def wanted_vmi(body: bytes, mode: OverheadMode = OverheadMode.AUTO) -> tuple[PodReview, VMIReference | None, str]:
    """The review, and the VMI to be read for it, or else why the pod stays as it is: one of `REASONS`.

    Raises:
        ReviewError: The body is no v1 AdmissionReview, or its pod is none.
    """
    review = read_pod_review(body)
    skipped = _not_judged(review, mode)
    if skipped is not None:
        return review, None, skipped
    vmi = vmi_of(review.pod.metadata, review.request.namespace)
    if isinstance(vmi, Stray):
        return review, None, vmi
    if review.pod.compute() is None:
        return review, None, Unpatched.NO_COMPUTE_CONTAINER
    return review._replace(vmi=vmi), vmi, ""


def _not_judged(review: PodReview, mode: OverheadMode) -> Unpatched | None:
    request = review.request
    if mode is OverheadMode.OFF:
        return Unpatched.MODE_OFF
    if request.operation != "CREATE":
        return Unpatched.NOT_CREATE
    if request.sub_resource:
        return Unpatched.SUBRESOURCE
    return None if request.kind == POD else Unpatched.NOT_A_POD


def unpatched(reason: str, problem: str = "") -> Answer:
    """The pod stays as it is; `problem` says more for the audit log."""
    return Answer(decision=Decision.ALLOWED, reason=reason, audit={"problem": problem} if problem else {})


def mutate(review: PodReview, vmi: bytes | None, rulebook: Rulebook, mode: OverheadMode) -> Answer:
    """The answer to a review for which `wanted_vmi` named a VMI; `vmi` is that VMI's JSON, `None` when there is none."""
    if mode is OverheadMode.OFF:
        return unpatched(Unpatched.MODE_OFF)
    if vmi is None:
        return unpatched(Unpatched.VMI_NOT_FOUND)
    found = read_launcher_vmi(vmi)
    if found is None:
        return unpatched(Unpatched.VMI_UNREADABLE)
    if review.vmi is None or found.metadata.uid != review.vmi.uid:
        return unpatched(Stray.UID_MISMATCH)
    try:
        return _answer(review.pod, found, rulebook, mode)
    except ValueError as error:
        return unpatched(Unpatched.UNREADABLE_QUANTITY, str(error))


def _answer(pod: Pod, vmi: LauncherVMI, rulebook: Rulebook, mode: OverheadMode) -> Answer:
    names = vmi.plugin_names
    if not names:
        return unpatched(Unpatched.NO_PLUGINS)
    registered = rulebook.registry.plugins
    plugins = {name: registered[name] for name in names if name in registered}
    declared = declared_amounts(plugins, rulebook.supplementary)
    evidence = Evidence.NOT_COUNTED if mode is OverheadMode.ALWAYS else evidence_in(pod, vmi, rulebook.registry.version)
    due = declared if evidence is Evidence.NOT_COUNTED else {slot: each for slot, each in declared.items() if slot != REQUESTS_MEMORY}
    if not due:
        return unpatched(_nothing_due(declared, plugins, evidence))
    return _added(pod, vmi, due, plugins)


def _nothing_due(declared: Amounts, plugins: dict[str, Plugin], evidence: Evidence) -> Unpatched:
    """Why no amount is due. Supplementary memory is for KubeVirt up to 1.2: where it is later, nothing of the kind is declared."""
    if not declared:
        return Unpatched.NOTHING_DECLARED
    if evidence is Evidence.UNKNOWN:
        return Unpatched.NOT_PROVABLE
    return Unpatched.COUNTED_BY_KUBEVIRT if memory_is_registered(plugins.values()) else Unpatched.NOTHING_DECLARED


def _added(pod: Pod, vmi: LauncherVMI, due: Amounts, plugins: dict[str, Plugin]) -> Answer:
    """The amounts that are due, less those that the pod's marker tells, as a patch."""
    compute, key = pod.compute(), free_key(vmi.annotations)
    if compute is None:
        return unpatched(Unpatched.NO_COMPUTE_CONTAINER)
    if key is None:
        return unpatched(Unpatched.MARKERS_TAKEN)
    fitting = applicable(due, compute.container.resources, vmi)
    before = read_marker(pod.annotations.get(key))
    owed = _owed(fitting, before)
    if not owed:
        return unpatched(Unpatched.ALREADY_ADDED if fitting else Unpatched.NOT_APPLICABLE)
    at: Path = ("spec", "containers", compute.place)
    changes = [*_on_container(at, compute.container, owed, vmi), *_on_account(pod, owed, vmi)]
    if not changes:
        return unpatched(Unpatched.NOT_APPLICABLE)  # guest overhead that is overcommitted, and no limit
    marker = {key: write_marker(before | {slot: fitting[slot] for slot in owed})}
    patch = (expect((*at, "name"), COMPUTE), *changes, *merge(_ANNOTATIONS, marker, pod.metadata.annotations))
    return Answer(decision=Decision.PATCHED, patch=patch, audit={"plugins": ",".join(plugins), "added": write_marker(owed)})


def _on_container(at: Path, container: Container, owed: Amounts, vmi: LauncherVMI) -> Iterator[Operation]:
    before = sections_of(container.resources)
    yield from merge((*at, "resources"), with_amounts(before or {}, owed, vmi), before)


def _on_account(pod: Pod, owed: Amounts, vmi: LauncherVMI) -> Iterator[Operation]:
    """KubeVirt's own account of the overhead, raised: its VMI status, metric and hotplug check follow it. A VMI's own is not KubeVirt's."""
    current = pod.annotations.get(MEMORY_OVERHEAD_BYTES)
    if current is None or MEMORY_OVERHEAD_BYTES in vmi.annotations or REQUESTS_MEMORY not in owed:
        return
    yield from put((*_ANNOTATIONS, MEMORY_OVERHEAD_BYTES), with_overhead_annotation(current, owed[REQUESTS_MEMORY]), current)


def _owed(due: Amounts, before: Amounts) -> Amounts:
    """Due less what the marker tells; never below zero, as nothing is ever taken away from a pod."""
    rest = {slot: Quantity(amount.nanos - before.get(slot, ZERO).nanos, amount.format) for slot, amount in due.items()}
    return {slot: amount for slot, amount in rest.items() if amount > ZERO}
