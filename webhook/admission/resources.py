"""The resources of container `compute` with owed amounts added.

Memory follows virt-controller to the character. Other resources follow the same pattern: a limit that exists grows with the request, so
that a request never passes its limit and a Guaranteed pod stays Guaranteed; a limit is never invented. What grows a limit alone grows the
request too where both were equal, for the same reason.

KubeVirt derives a memory limit by itself where a VMI has none and a ResourceQuota of the namespace limits memory: the request, overhead
included, times a ratio that a namespace label sets. In a pod that was rendered without the overhead this limit grows by the overhead
once, not by the ratio times as much: the ratio is not in the pod, what the plugin needs is in the sum, and the quota is spared.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from webhook.admission.pods import Resources
from webhook.admission.resource_amounts import REQUESTS_MEMORY, Amounts, read_amount, summed
from webhook.kube.quantity import Quantity
from webhook.plugins.overhead import MEMORY, with_overhead
from webhook.vmi.launcher import LauncherVMI

Sections: TypeAlias = dict[str, Mapping[str, Any]]
"""`requests` and `limits`, where there are any."""


def sections_of(resources: Resources | None) -> Sections | None:
    """The resources as plain data; `None` when the container has none."""
    if resources is None:
        return None
    sections = {"requests": resources.requests, "limits": resources.limits}
    return {name: section for name, section in sections.items() if section is not None}


def applicable(amounts: Amounts, resources: Resources | None, vmi: LauncherVMI) -> Amounts:
    """The amounts that there is a place for.

    A limit must exist to grow. CPUs that are dedicated to a VM are exclusive only while their number is whole, and KubeVirt chose it.
    """
    limits = (resources.limits if resources is not None else None) or {}
    fitting = {slot: amount for slot, amount in amounts.items() if not slot.startswith("limits.") or _resource(slot) in limits}
    return {slot: amount for slot, amount in fitting.items() if _resource(slot) != "cpu" or not vmi.has_dedicated_cpus}


def with_amounts(sections: Sections, due: Amounts, vmi: LauncherVMI) -> Sections:
    """The sections with the owed amounts added. Raises `ValueError` for a quantity in them that is none, or beyond counting."""
    for slot, amount in due.items():
        resource = _resource(slot)
        if slot == REQUESTS_MEMORY:
            sections = _with_memory(sections, amount, vmi)
        elif slot.startswith("requests."):
            sections = _with_request(sections, resource, amount)
        else:
            sections = _with_limit(sections, resource, amount)
    return sections


def _resource(slot: str) -> str:
    return slot.partition(".")[2]


def _with_memory(sections: Sections, amount: Quantity, vmi: LauncherVMI) -> Sections:
    for section in sections.values():
        if not isinstance(memory := section.get(MEMORY, "0"), str):
            raise ValueError(f"{memory!r:.60} is no string, as which the API server writes every quantity")  # noqa: TRY004 - the pod's value
        summed(read_amount(memory), amount)
    overcommits = vmi.overcommits_guest_overhead
    return with_overhead(sections, amount, hugepages=vmi.has_hugepages, overcommit_guest_overhead=overcommits)


def _with_request(sections: Sections, resource: str, amount: Quantity) -> Sections:
    requests, limits = sections.get("requests", {}), sections.get("limits", {})
    before = requests.get(resource, limits.get(resource, "0"))  # a limit stands for a request that is missing
    raised: Sections = {**sections, "requests": _raised(requests, resource, before, amount)}
    if resource in limits:
        raised["limits"] = _raised(limits, resource, limits[resource], amount)
    return raised


def _with_limit(sections: Sections, resource: str, amount: Quantity) -> Sections:
    requests, limits = sections.get("requests", {}), sections["limits"]
    limit = limits[resource]
    request = requests.get(resource, limit)
    raised: Sections = {**sections, "limits": _raised(limits, resource, limit, amount)}
    if read_amount(request) == read_amount(limit):
        raised["requests"] = _raised(requests, resource, request, amount)
    return raised


def _raised(section: Mapping[str, Any], resource: str, before: object, amount: Quantity) -> Mapping[str, Any]:
    return {**section, resource: str(summed(read_amount(before), amount))}
