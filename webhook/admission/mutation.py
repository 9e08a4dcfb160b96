"""The answer of `/mutate`: the overhead that is due to a launcher pod, as a JSON Patch (RFC 6902) whose operations test what was read.

A pod or VMI that is not as expected leaves the pod unchanged, with the reason: a virt-launcher pod must never fail because of Bindguard.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from webhook.admission.answer import Answer, Decision
from webhook.admission.overhead_due import OverheadDue, due_to
from webhook.admission.pods import COMPUTE, OverheadMode, Pod, PodReview
from webhook.admission.resource_amounts import REQUESTS_MEMORY, written
from webhook.admission.resources import sections_of
from webhook.admission.rule_set import RuleSet
from webhook.kube.fieldpath import Path
from webhook.rules.base import Action, Finding

Operation: TypeAlias = dict[str, Any]


def pointer(path: Path) -> str:
    """The path as a JSON Pointer (RFC 6901): `/metadata/annotations/kubevirt.io~1memory-overhead-bytes`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def expect(path: Path, value: object) -> Operation:
    """A test: the whole patch is refused when the path has another value. The absence of a value cannot be tested."""
    return {"op": "test", "path": pointer(path), "value": value}


def put(path: Path, value: object, before: object = None) -> Iterator[Operation]:
    """Set the value at a path, after a test for the value before; `None` when there was none."""
    if before is None:
        yield {"op": "add", "path": pointer(path), "value": value}
        return
    yield expect(path, before)
    yield {"op": "replace", "path": pointer(path), "value": value}


def merge(path: Path, wanted: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterator[Operation]:
    """Put every entry of `wanted` that `before` does not have into the object at `path`.

    Nested objects are merged too; other entries stay. An object that is missing, or null, is added whole.
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


COUNTED_TWICE = "overhead-counted-twice"
"""The name of what is found, where findings have that of a rule."""


def mutate(review: PodReview, vmi: bytes | None, rule_set: RuleSet, mode: OverheadMode) -> Answer:
    """The answer to the review of a pod; `vmi` is the JSON of the VMI that the pod names, `None` when there is none."""
    due = due_to(review, vmi, rule_set, mode)
    if isinstance(due, Answer):
        return due
    audit = {"plugins": ",".join(due.plugins()), "added": written(due.amounts)}
    patch = tuple(_patch(review.pod, due))
    if not due.is_counted_twice:
        return Answer(decision=Decision.PATCHED, patch=patch, audit=audit)
    audit |= {"counted-twice": str(due.amounts[REQUESTS_MEMORY])}
    return Answer(decision=Decision.PATCHED, findings=[_counted_twice(due)], patch=patch, audit=audit)


def _counted_twice(due: OverheadDue) -> Finding:
    message = f"KubeVirt has counted the {due.amounts[REQUESTS_MEMORY]} of memory that is added here, so that it counts twice"
    remedy = "set overhead: auto in Bindguard's configuration; even-if-counted is for forks that count nothing"
    path: Path = ("spec", "containers", due.compute.place, "resources", "requests", "memory")
    return Finding(COUNTED_TWICE, Action.WARN, path, message, remedy)


def _patch(pod: Pod, due: OverheadDue) -> Iterator[Operation]:
    at: Path = ("spec", "containers", due.compute.place)
    yield expect((*at, "name"), COMPUTE)
    if due.resources:
        yield from merge((*at, "resources"), due.resources, sections_of(due.compute.container.resources))
    yield from merge(("metadata", "annotations"), due.annotations, pod.metadata.annotations)
