"""What the memory that plugins declare for themselves makes of a virt-launcher pod.

Source: kubevirt/kubevirt pkg/network/resources/memory.go and pkg/virt-controller/services/renderresources.go@v1.9.0. The arithmetic
starts from a pod as virt-controller renders it with no overhead declared.
"""

from collections.abc import Mapping

from webhook.kube.quantity import ZERO, Quantity, parse_quantity

MEMORY = "memory"
"""The one resource whose overhead KubeVirt counts."""

RESOURCES = (MEMORY, "cpu", "ephemeral-storage")
"""What a container may have more of without a device: the resources that an overhead can name."""


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
        result["requests"] = _raised(resources.get("requests") or {}, memory)
    limits = resources.get("limits") or {}
    if MEMORY in limits:
        result["limits"] = _raised(limits, memory)
    return result


def _raised(amounts: Mapping[str, str], memory: Quantity) -> dict[str, str]:
    return {**amounts, MEMORY: str(parse_quantity(amounts.get(MEMORY, "0")) + memory)}


def with_overhead_annotation(current: str, memory: Quantity) -> str:
    """The annotation `kubevirt.io/memory-overhead-bytes` raised by `memory`: whole bytes, a fraction rounded up.

    Raises `ValueError` when `current` is no quantity.
    """
    return str((parse_quantity(current) + memory).bytes_rounded_up)
