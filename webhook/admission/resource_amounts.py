"""Overhead by slot (`requests.memory`, `limits.cpu`): what plugins declare, and what the annotation of a pod says was added already.

The owner of a VMI chooses its annotations, and KubeVirt copies them to the pod, except those whose key begins with `kubectl.kubernetes.io`
(kubevirt/kubevirt pkg/virt-controller/services/template.go, filterVMIAnnotationsForPod, 1.1 to 1.9). The key of our annotation does, in a
domain of ours, so no VMI can bring one to its pod. For forks that copy it all the same, an annotation with the very text that the VMI
carries is not believed, and what is written always differs from that text.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from webhook.kube.quantity import ZERO, Quantity, read_quantity
from webhook.kube.text import quoted
from webhook.plugins.plugin import ComputeResourceOverhead, Plugin

MEMORY = "memory"
"""The one resource whose overhead KubeVirt counts."""
RESOURCES = (MEMORY, "cpu", "ephemeral-storage")
"""What a container may have more of without a device: the resources that an overhead can name."""

Amounts: TypeAlias = dict[str, Quantity]
"""By slot, each above zero."""

APPLIED = "kubectl.kubernetes.io.bindguard.io/overhead"
"""The annotation in which a pod carries what was added to it, by slot, so that a second call adds nothing twice."""

REQUESTS_MEMORY = f"requests.{MEMORY}"

_decode = msgspec.json.Decoder(dict[str, str]).decode
_LARGEST = Quantity((2**63 - 1) * 10**9)
"""Beyond this Kubernetes' own sums overflow."""


def read_amount(value: object) -> Quantity:
    """A quantity from 0 to 2^63-1, written as JSON writes it: a string, or a whole number.

    Raises `ValueError`, with what is wrong, for anything else.
    """
    return _within_bounds(read_quantity(value))


def _within_bounds(amount: Quantity) -> Quantity:
    if not ZERO <= amount <= _LARGEST:
        raise ValueError(f"{amount!s:.60} is not between 0 and 2^63-1")
    return amount


def summed(left: Quantity, right: Quantity) -> Quantity:
    """The sum, in the format of the left. Raises `ValueError` where Kubernetes' own would overflow."""
    return _within_bounds(left + right)


def memory_is_registered(plugins: Iterable[Plugin]) -> bool:
    """Whether any of the plugins declares memory where KubeVirt reads it. Raises `ValueError` for what is no amount."""
    return any(read_amount(_requests(plugin.compute_resource_overhead).get(MEMORY) or 0) > ZERO for plugin in plugins)


def declared_amounts(plugins: Mapping[str, Plugin], supplementary: Mapping[str, ComputeResourceOverhead]) -> dict[str, Amounts]:
    """What each of `plugins` declares, in their order; plugins that declare nothing are left out.

    Of `requests.memory` the registry's number counts, and the supplementary one for plugins that the registry has none for. All else is
    supplementary: KubeVirt counts none of it, so what a registration says beside memory is no wish that it be added. Raises `ValueError`,
    with the plugin, for what is no amount.
    """
    declared: dict[str, Amounts] = {}
    for name, plugin in plugins.items():
        try:
            amounts = _amounts_of(plugin, supplementary.get(name))
        except ValueError as error:
            raise ValueError(f"the overhead of plugin {quoted(name)} cannot be added: {error}") from error
        if amounts:
            declared[name] = amounts
    return declared


def total(declared: Iterable[Amounts]) -> Amounts:
    """The sum, in the order given. Raises `ValueError` where Kubernetes' own would overflow."""
    result: Amounts = {}
    for amounts in declared:
        for slot, amount in amounts.items():
            result[slot] = summed(result.get(slot, ZERO), amount)
    return result


def _amounts_of(plugin: Plugin, supplementary: ComputeResourceOverhead | None) -> Amounts:
    """The amounts of one plugin. A slot under `limits` holds what a limit grows by beyond the request: it grows with that anyway."""
    registered = _requests(plugin.compute_resource_overhead).get(MEMORY)
    requests = dict(_requests(supplementary))
    if registered is not None:
        requests[MEMORY] = registered
    limits = (supplementary.limits if supplementary is not None else None) or {}
    amounts: Amounts = {}
    for resource in RESOURCES:
        request, limit = _read(requests.get(resource)), _read(limits.get(resource))
        amounts[f"requests.{resource}"] = request
        if limit > request:
            amounts[f"limits.{resource}"] = Quantity(limit.nanos - request.nanos, limit.format)
    return {slot: amount for slot, amount in amounts.items() if amount > ZERO}


def _read(value: object) -> Quantity:
    return ZERO if value is None else read_amount(value)


def _requests(overhead: ComputeResourceOverhead | None) -> Mapping[str, Any]:
    return (overhead.requests if overhead is not None else None) or {}


def read_applied(text: str | None, of_vmi: str | None) -> Amounts:
    """What was added according to a pod's annotation; nothing without one, or when it is only a copy of the VMI's.

    Raises:
        ValueError: This program did not write it.
    """
    if text is None or text == of_vmi:
        return {}
    try:
        amounts = _decode(text.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ValueError("the marker annotation is no JSON object of quantities") from error
    return {slot: read_amount(value) for slot, value in amounts.items()}


def write_applied(added: Mapping[str, Quantity], of_vmi: str | None) -> str:
    """The value of the pod's annotation, which differs from the VMI's."""
    text = written(added)
    return text if text != of_vmi else f"{text} "


def written(amounts: Mapping[str, Quantity]) -> str:
    """Amounts as compact JSON, by slot."""
    return json.dumps({slot: str(amount) for slot, amount in amounts.items()}, separators=(",", ":"))
