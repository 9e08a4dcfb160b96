"""A launcher pod's review in, an answer out: the overhead that is due, as a JSON Patch (RFC 6902) whose operations test what was read.

Two pure steps around one await: `wanted_vmi` says which VMI is to be read, `mutate` answers when it has been. Whatever is odd about a pod
or its VMI leaves the pod as it is, with the reason: a virt-launcher pod must never fail on our account.
"""

import enum
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from webhook.admission.answer import Answer, Decision
from webhook.admission.applied_overhead import written
from webhook.admission.overhead_due import NotOwed, Owed, Unowed, due_to
from webhook.admission.pods import COMPUTE, POD, Pod, PodReview, read_pod_review
from webhook.admission.resource_amounts import REQUESTS_MEMORY
from webhook.admission.resources import sections_of
from webhook.admission.review import Request
from webhook.admission.rule_set import RuleSet
from webhook.admission.vmi_source import Unread
from webhook.kube.fieldpath import Path
from webhook.rules.base import Action, Finding
from webhook.vmi.launcher import NotALauncher, VMIReference, vmi_of

Operation: TypeAlias = dict[str, Any]


def pointer(path: Path) -> str:
    """The path as a JSON Pointer (RFC 6901): `/metadata/annotations/kubevirt.io~1memory-overhead-bytes`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def expect(path: Path, value: object) -> Operation:
    """A test: the whole patch is refused when another value stands there. That nothing stands there cannot be tested."""
    return {"op": "test", "path": pointer(path), "value": value}


def put(path: Path, value: object, before: object = None) -> Iterator[Operation]:
    """The value set where `before` stood, which is tested first; `None` for nothing there."""
    if before is None:
        yield {"op": "add", "path": pointer(path), "value": value}
        return
    yield expect(path, before)
    yield {"op": "replace", "path": pointer(path), "value": value}


def merge(path: Path, wanted: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterator[Operation]:
    """Every entry of `wanted` that `before` does not have, put into the object at `path`.

    Objects are merged likewise, and what `wanted` does not name stays. An object that is missing, or null, is added whole.
    """
    if before is None:
        yield from put(path, wanted)
        return
    for key, value in wanted.items():
        found = before.get(key)
        if isinstance(value, Mapping) and isinstance(found, Mapping | None):
            if value:
                yield from merge((*path, key), value, found)
        elif value != found:
            yield from put((*path, key), value, found)


class OverheadMode(enum.StrEnum):
    """Which memory is added: `auto` what KubeVirt provably has not counted, `off` none.

    `even-if-counted` adds all that is declared, for forks of KubeVirt that never count: KubeVirt 1.3 and later counts it too.
    """

    AUTO = "auto"
    EVEN_IF_COUNTED = "even-if-counted"
    OFF = "off"


COUNTED_TWICE = "overhead-counted-twice"
"""The name of what is found, where findings have that of a rule."""


class Unpatched(enum.StrEnum):
    """Why no VMI is looked for, besides `NotALauncher`."""

    MODE_OFF = "mode-off"
    NOT_CREATE = "not-create"
    SUBRESOURCE = "subresource"
    NOT_A_POD = "not-a-pod"


REASONS: tuple[str, ...] = (*Unpatched, *NotALauncher, *Unread, *NotOwed)
"""Every reason that a pod can have to stay as it is: these are the words that metrics, logs and docs/request.md tell."""


def wanted_vmi(
    body: bytes, mode: OverheadMode = OverheadMode.AUTO, creators: frozenset[str] | None = None
) -> tuple[PodReview, VMIReference | None, str]:
    """The review, and the VMI to be read for it, or else why the pod stays as it is: one of `REASONS`.

    `creators` are the users that create launcher pods; `None` when that is not known: then the pod's owner and the VMI itself decide.

    Raises:
        ReviewError: The body is no v1 AdmissionReview, or its pod is none.
    """
    review = read_pod_review(body)
    skipped = _not_evaluated(review.request, mode)
    if skipped is not None:
        return review, None, skipped
    by_kubevirt = creators is None or review.request.user_info.username in creators
    vmi = vmi_of(review.pod.metadata, review.request.namespace, by_kubevirt=by_kubevirt)
    if isinstance(vmi, NotALauncher):
        return review, None, vmi
    if review.pod.compute() is None:
        return review, None, NotOwed.NO_COMPUTE_CONTAINER
    return review._replace(vmi=vmi), vmi, ""


def _not_evaluated(request: Request, mode: OverheadMode) -> Unpatched | None:
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


def mutate(review: PodReview, vmi: bytes | None, rule_set: RuleSet, mode: OverheadMode) -> Answer:
    """The answer to a review for which `wanted_vmi` named a VMI; `vmi` is that VMI's JSON, `None` when there is none."""
    if mode is OverheadMode.OFF:
        return unpatched(Unpatched.MODE_OFF)
    due = due_to(review, vmi, rule_set, even_if_counted=mode is OverheadMode.EVEN_IF_COUNTED)
    if isinstance(due, Unowed):
        return unpatched(due.reason, due.problem)
    audit = {"plugins": ",".join(due.plugins()), "added": written(due.amounts)}
    patch = tuple(_patch(review.pod, due))
    if not due.is_counted_twice:
        return Answer(decision=Decision.PATCHED, patch=patch, audit=audit)
    audit |= {"counted-twice": str(due.amounts[REQUESTS_MEMORY])}
    return Answer(decision=Decision.PATCHED, findings=[_counted_twice(due)], patch=patch, audit=audit)


def _counted_twice(due: Owed) -> Finding:
    message = f"KubeVirt has counted the {due.amounts[REQUESTS_MEMORY]} of memory that is added here, so that it counts twice"
    remedy = "set overhead: auto in Bindguard's configuration; even-if-counted is for forks that count nothing"
    path: Path = ("spec", "containers", due.compute.place, "resources", "requests", "memory")
    return Finding(COUNTED_TWICE, Action.WARN, path, message, remedy)


def _patch(pod: Pod, due: Owed) -> Iterator[Operation]:
    at: Path = ("spec", "containers", due.compute.place)
    yield expect((*at, "name"), COMPUTE)
    if due.resources:
        yield from merge((*at, "resources"), due.resources, sections_of(due.compute.container.resources))
    yield from merge(("metadata", "annotations"), due.annotations, pod.metadata.annotations)
