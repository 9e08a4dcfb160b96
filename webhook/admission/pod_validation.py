"""A launcher pod after all webhooks have changed it: whether it still lacks what its VM's plugins declare.

Mutation fails open: when it is not called, or not answered, the pod starts with too little memory, and the plugin's process is killed
later, inside a running VM. This finds what mutation would still add. A pod or
VMI that is not as expected is allowed, with the reason, as in mutation.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from webhook.admission.answer import Answer, Decision, SkipReason, skipped
from webhook.admission.overhead_due import OverheadDue, due_to
from webhook.admission.pods import COMPUTE, OverheadMode, PodReview
from webhook.admission.resource_amounts import RESOURCES, read_amount, written
from webhook.admission.resources import sections_of
from webhook.admission.rule_set import RuleSet
from webhook.kube.quantity import ZERO, Quantity
from webhook.kube.text import quoted
from webhook.rules.base import Action, Finding

MISSING_OVERHEAD = "missing-overhead"
"""The name of what is found, where findings have that of a rule. Manifests hold no launcher pods, so it is no rule of `check`."""

_ASKS = {"requests": "asks for", "limits": "is limited to"}
_FOR_ADMIN = "run bindguard doctor to see why /mutate did not add it"
_MAX_NAMES = 3
_MI = 1024 * 1024
_SHORT = 8
_NONE: Mapping[str, Any] = {}


def validate_pod(review: PodReview, vmi: bytes | None, rule_set: RuleSet, mode: OverheadMode, action: Action) -> Answer:
    """The answer to the review of a pod at `/validate`.

    Args:
        review: The review of the pod.
        vmi: The JSON of the VMI that the pod names; `None` when there is none.
        rule_set: What is registered.
        mode: That of mutation: nothing is missed that mutation would not add.
        action: Whether a pod that lacks something is denied, or gets a warning.
    """
    if action is Action.OFF:
        return skipped(SkipReason.MODE_OFF)
    due = due_to(review, vmi, rule_set, mode)
    if isinstance(due, Answer):
        return due
    findings = [found for resource in RESOURCES for found in _missing(due, resource, action)]
    if not findings:
        return skipped(SkipReason.NOT_APPLICABLE)  # KubeVirt's account of the overhead alone would be raised
    audit = {"plugins": ",".join(due.plugins()), "missing": written(due.amounts)}
    return Answer(decision=Decision.DENIED if action is Action.DENY else Decision.ALLOWED, findings=findings, audit=audit)


def _missing(due: OverheadDue, resource: str, severity: Action) -> Iterator[Finding]:
    """A finding about what is missing of one resource, at the request, or else at the limit."""
    before, after = sections_of(due.compute.container.resources) or {}, due.resources
    for section, verb in _ASKS.items():
        found, wanted = (sections.get(section, _NONE).get(resource) for sections in (before, after))
        if found != wanted:
            has = f"no {resource}" if found is None else f"{_readable(read_amount(found), resource)} of {resource}"
            message = f"container {COMPUTE} {verb} {has}, and lacks {_lack(due, resource, found, wanted)}"
            path = ("spec", "containers", due.compute.place, "resources", section, resource)
            needed = f"the pod needs {_readable(read_amount(wanted), resource)}; KubeVirt tries again by itself"
            yield Finding(MISSING_OVERHEAD, severity, path, message, needed, _FOR_ADMIN)
            return


def _lack(due: OverheadDue, resource: str, found: object, wanted: object) -> str:
    """How much is missing, in the format of the plugins, and which plugins those are."""
    slots = [slot for slot in due.amounts if slot.partition(".")[2] == resource]
    before = ZERO if found is None else read_amount(found)
    lack = Quantity(read_amount(wanted).nanos - before.nanos, due.amounts[slots[0]].format)
    names = due.plugins(*slots)
    told = [quoted(name) for name in names[:_MAX_NAMES]]
    more = [f"{len(names) - _MAX_NAMES} more"] if len(names) > _MAX_NAMES else []
    declare = f"plugin {told[0]} declares" if len(names) == 1 else f"plugins {', '.join(told + more)} declare"
    return f"{_readable(lack, resource)} of what {declare}"


def _readable(amount: Quantity, resource: str) -> str:
    """A quantity as a person reads it: exact where that is short, else bytes in whole Mi, rounded up."""
    exact = str(amount)
    if resource == "cpu" or len(exact) <= _SHORT:
        return exact
    return f"about {-(-amount.bytes_rounded_up // _MI)}Mi"
