"""The resources of container `compute` with the due amounts added.

Memory follows virt-controller to the character (kubevirt/kubevirt pkg/network/resources/memory.go and
pkg/virt-controller/services/renderresources.go@v1.9.0). Other resources follow the same pattern: a limit that exists grows with the
request, so that a request never passes its limit and a Guaranteed pod stays Guaranteed; a limit is never invented. What grows a limit alone
grows the request too where both were equal, for the same reason.

KubeVirt derives a memory limit by itself where a VMI has none and a ResourceQuota of the namespace limits memory: the request, overhead
included, times a ratio that a namespace label sets. In a pod that was rendered without the overhead this limit grows by the overhead
once, not by the ratio times as much: the ratio is not in the pod, what the plugin needs is in the sum, and the quota is spared.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from webhook.admission.pods import Resources
from webhook.admission.resource_amounts import MEMORY, REQUESTS_MEMORY, Amounts, read_amount, summed
from webhook.kube.quantity import ZERO, Quantity, parse_quantity
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
    """The sections with the due amounts added. Raises `ValueError` for a quantity in them that is none, or beyond counting."""
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


def with_overhead(
    resources: Mapping[str, Mapping[str, str]], memory: Quantity, *, hugepages: bool, overcommit_guest_overhead: bool
) -> dict[str, Mapping[str, str]]:
    """The `resources` of container `compute` with `memory` added, equal to the character to what virt-controller renders.

    The request grows unless the VMI overcommits its guest overhead; with hugepages the request holds nothing but overhead, and
    virt-controller asks for it all the same. A limit grows whenever there is one. So a Guaranteed pod stays Guaranteed, except with
    `overcommitGuestOverhead`, where KubeVirt too moves the limit alone. `resources` stays as it is. Raises `ValueError` when a memory
    value in it is no quantity.

    Two things cannot be seen in `resources`. A plain number may be a binary quantity, and is taken for a decimal one: the sum is the same
    amount, and is written differently only when a thousand or a Ki divides it. A limit that KubeVirt derived from the request, for a
    ResourceQuota, grows by `memory` and not by a multiple of it.
    """
    result = dict(resources)
    if memory == ZERO:
        return result
    if hugepages or not overcommit_guest_overhead:
        result["requests"] = _with_more_memory(resources.get("requests") or {}, memory)
    limits = resources.get("limits") or {}
    if MEMORY in limits:
        result["limits"] = _with_more_memory(limits, memory)
    return result


def _with_more_memory(amounts: Mapping[str, str], memory: Quantity) -> dict[str, str]:
    return {**amounts, MEMORY: str(parse_quantity(amounts.get(MEMORY, "0")) + memory)}


def with_overhead_annotation(current: str, memory: Quantity) -> str:
    """The annotation `kubevirt.io/memory-overhead-bytes` raised by `memory`: whole bytes, a fraction rounded up.

    Raises `ValueError` when `current` is no quantity.
    """
    return str((parse_quantity(current) + memory).bytes_rounded_up)
