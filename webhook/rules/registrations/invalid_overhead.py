"""A compute resource overhead of a registration is not a quantity, or is negative.

What
    A value under `computeResourceOverhead` is not a Kubernetes quantity, or `requests.memory` is below zero or a fraction of a byte.

Why
    The API server refuses the whole CR if a value is not a quantity. It accepts a negative memory overhead, which lowers the request of
    every launcher pod that uses the plugin. The guest can then be killed because memory is short.

Refused
    {domainAttachmentType: tap, computeResourceOverhead: {requests: {memory: 250MiB}}}
    {domainAttachmentType: tap, computeResourceOverhead: {requests: {memory: -250Mi}}}

Accepted
    {domainAttachmentType: tap, computeResourceOverhead: {requests: {memory: 250Mi}}}

Source
    The pattern in the schema accepts a leading minus (pkg/virt-operator/resource/generate/components/validations_generated.go@v1.9.0). The
    sum is made in pkg/network/resources/memory.go@v1.9.0. Grammar: kubernetes/apimachinery pkg/api/resource/quantity.go.
"""

from collections.abc import Iterator, Mapping

from webhook.kube.fieldpath import render
from webhook.kube.quantity import Quantity, read_quantity
from webhook.kube.text import shown
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, Mistakes, Registration, RegistrationRule, Violation

_FIELD = "computeResourceOverhead"
_ACCEPTED = "write a quantity such as 250Mi"


def check(registration: Registration, _registry: Registry) -> Mistakes:
    """Parse each quantity. Before 1.3 `pruned-field` reports the field."""
    overhead = registration.plugin.compute_resource_overhead
    if overhead is None:
        return ()
    return [*_in("requests", overhead.requests or {}), *_in("limits", overhead.limits or {})]


def _in(section: str, values: Mapping[str, object]) -> Iterator[Violation]:
    for resource, value in values.items():
        quantity = _quantity(value)
        path = (_FIELD, section, resource)
        if quantity is None:
            if value is not None:
                yield Violation(path, f"{render(path[1:])} is {shown(value)}, which is not a quantity", _ACCEPTED)
        elif (section, resource) == ("requests", "memory"):
            yield from _as_memory(quantity, value)


def _as_memory(quantity: Quantity, value: object) -> Iterator[Violation]:
    path = (_FIELD, "requests", "memory")
    if quantity.value < 0:
        yield Violation(path, f"requests.memory is {shown(value)}: a negative overhead lowers the launcher pod's request", _ACCEPTED)
    elif quantity.value.denominator != 1:
        message = f'requests.memory is {shown(value)}, a fraction of a byte: "m" means thousandths, "M" and "Mi" mean millions'
        yield Violation(path, message, _ACCEPTED, at_most=Action.WARN)


def _quantity(value: object) -> Quantity | None:
    try:
        return read_quantity(value)
    except ValueError:
        return None


RULE = RegistrationRule(name="invalid-overhead", group=Group.REGISTRATIONS, check=check, since=Version(1, 3))
