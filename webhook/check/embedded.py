"""Find objects inside objects of other kinds, such as Templates, Policies and ManifestWorks."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from webhook.admission.objects import CHECKED_KINDS
from webhook.kube.fieldpath import Path, look_up
from webhook.vmi.kinds import split_api_version

_VM = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine"}

VM_IN: Mapping[tuple[str, str], Path] = {
    ("infrastructure.cluster.x-k8s.io", "KubevirtMachine"): ("spec", "virtualMachineTemplate"),
    ("infrastructure.cluster.x-k8s.io", "KubevirtMachineTemplate"): ("spec", "template", "spec", "virtualMachineTemplate"),
    ("harvesterhci.io", "VirtualMachineTemplateVersion"): ("spec", "vm"),
}
"""Kinds that contain a VirtualMachine without apiVersion and kind, and where.

Sources: kubernetes-sigs/cluster-api-provider-kubevirt api/v1alpha1, harvester/harvester pkg/apis/harvesterhci.io/v1beta1.
"""

_APPLIED_AS_WRITTEN = frozenset(
    {
        *VM_IN,
        ("", "Template"),
        ("template.openshift.io", "Template"),
        ("work.open-cluster-management.io", "ManifestWork"),
        ("work.open-cluster-management.io", "ManifestWorkReplicaSet"),
        ("policy.open-cluster-management.io", "ConfigurationPolicy"),
        ("policy.open-cluster-management.io", "Policy"),
        ("kubernetes.crossplane.io", "Object"),
        ("kubernetes.m.crossplane.io", "Object"),
        ("kro.run", "ResourceGraphDefinition"),
    }
)
"""Kinds whose controllers create an embedded object as written, except for parameters. Other controllers may change it first."""

_Step: TypeAlias = "tuple[_Step, str | int] | None"
"""A path as a linked list: a key or index, after the steps that lead to it; `None` at the root."""


class Embedded(NamedTuple):
    """An object inside another one.

    Attributes:
        obj: The object.
        path: From the root of the outer object.
        as_written: Whether it is applied as written, except for parameters.
    """

    obj: Mapping[str, object]
    path: Path
    as_written: bool


def embedded_in(carrier: object) -> Iterator[Embedded]:
    """The objects to check inside an object, at any depth, in document order.

    An object is recognised by its group, kind and spec, or by its place in a kind of `VM_IN`. What a policy forbids is left out.
    """
    as_written = _type_of(carrier) in _APPLIED_AS_WRITTEN
    waiting: list[tuple[object, _Step]] = [(carrier, None)]  # no recursion: an object may be nested deeper than Python's stack
    while waiting:
        value, step = waiting.pop()
        if isinstance(value, list):
            waiting += [(value[index], (step, index)) for index in reversed(range(len(value)))]
        elif isinstance(value, dict) and not _is_forbidden(value):
            found = _object_at(value, _path(step)) if "kind" in value else None
            if found is not None:
                yield found._replace(as_written=as_written)
            else:
                waiting += [(inner, (step, key)) for key, inner in reversed(value.items()) if isinstance(inner, dict | list)]


def _object_at(value: Mapping[str, Any], path: Path) -> Embedded | None:
    type_ = _type_of(value)
    if type_ in VM_IN:
        vm = look_up(value, VM_IN[type_])
        return Embedded({**_VM, **vm}, path + VM_IN[type_], as_written=True) if isinstance(vm, dict) else None
    return Embedded(value, path, as_written=True) if path and type_ in CHECKED_KINDS and isinstance(value.get("spec"), dict) else None


def _is_forbidden(template: Mapping[str, object]) -> bool:
    """Whether this is an item of `object-templates` in a ConfigurationPolicy whose object must not exist."""
    return str(template.get("complianceType")).lower() == "mustnothave"


def _type_of(obj: object) -> tuple[str, str]:
    """Group and kind; both empty where they are not text."""
    api_version, kind = look_up(obj, ("apiVersion",)), look_up(obj, ("kind",))
    return (split_api_version(api_version)[0], kind) if isinstance(api_version, str) and isinstance(kind, str) else ("", "")


def _path(step: _Step) -> Path:
    steps: list[str | int] = []
    while step is not None:
        step, last = step
        steps.append(last)
    return tuple(reversed(steps))
