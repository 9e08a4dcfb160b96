"""An object that contains a VMI spec, as one value, and its two decoders.

The typed decoder is fast. It has one type for all kinds, because it decodes a review in one pass, before the kind is known. The tolerant
decoder accepts plain data of any shape and lists type mismatches. For an object without mismatches, both give the same value.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from webhook.kube.fieldpath import Path, look_up
from webhook.kube.metadata import Metadata
from webhook.kube.shape import TypeMismatch, decode
from webhook.kube.text import shown
from webhook.vmi.kinds import Kind
from webhook.vmi.spec import Interface, Network, Present, VMISpec

_DOMAIN = "domain"
"""A VMI spec must have one."""
_NO_ANNOTATIONS: Mapping[str, str] = MappingProxyType({})


class VMIObject(msgspec.Struct, frozen=True, gc=False):
    """An object of a kind that carries a VMI spec.

    Attributes:
        kind: Its kind.
        is_deleting: Whether the object has a deletionTimestamp.
        spec: The VMI spec; `None` where it, a parent of it or its `domain` is missing or is no object.
        annotations: The annotations that the VMI has or will have.
        has_preference: Whether a VM preference completes the spec before KubeVirt validates it.
        has_vmi: Whether there is a VMI: the object is one, or it is a VM whose `status.created` is true.
        type_mismatches: What is missing or has the wrong type, with paths from the object's root. Such a value is treated as absent.
        template: The object as plain data if its strings may contain `${PARAMETERS}`, else `None`.
    """

    kind: Kind
    is_deleting: bool
    spec: VMISpec | None = None
    annotations: Mapping[str, str] = _NO_ANNOTATIONS
    has_preference: bool = False
    has_vmi: bool = False
    type_mismatches: Sequence[TypeMismatch] = ()
    template: object = None

    @property
    def interfaces(self) -> Sequence[Interface]:
        """The interfaces of the spec; empty without one."""
        return self.spec.interfaces if self.spec is not None else ()

    @property
    def networks(self) -> Sequence[Network]:
        """The networks of the spec; empty without one."""
        return (self.spec.networks if self.spec is not None else None) or ()


class Template(msgspec.Struct, frozen=True, gc=False):
    """`spec.template`: the template of a VMI."""

    spec: VMISpec | None = None
    metadata: Metadata | None = None


class VMSpec(msgspec.Struct, frozen=True, gc=False):
    """`spec` of a VirtualMachine."""

    template: Template | None = None
    preference: Present | None = None


class VM(msgspec.Struct, frozen=True, gc=False):
    """`spec.virtualMachineTemplate` of a pool."""

    spec: VMSpec | None = None


class CarrierSpec(VMISpec, frozen=True, rename="camel", gc=False):
    """`spec` of any kind: that of a VMI is the VMI spec itself; a VM and a replica set have `template`, a pool `virtualMachineTemplate`."""

    template: Template | None = None
    preference: Present | None = None
    virtual_machine_template: VM | None = None


class VMStatus(msgspec.Struct, frozen=True, gc=False):
    """`status` of a VirtualMachine."""

    created: object = None


class Carrier(msgspec.Struct, frozen=True, gc=False):
    """Any object, as the typed decoder reads it."""

    spec: CarrierSpec | None = None
    metadata: Metadata | None = None
    status: VMStatus | None = None


_ATTRIBUTES: Mapping[Path, tuple[str, ...]] = {
    ("spec",): ("spec",),
    ("spec", "template", "spec"): ("spec", "template", "spec"),
    ("spec", "virtualMachineTemplate", "spec", "template", "spec"): ("spec", "virtual_machine_template", "spec", "template", "spec"),
}
"""The attributes that lead from a `Carrier` to its VMI spec, by the path of the spec in JSON."""


def has_typed_decoder(kind: Kind) -> bool:
    """Whether a `Carrier` has all fields that are read of this kind."""
    return not kind.is_template and kind.spec in _ATTRIBUTES


def from_typed(carrier: Carrier, kind: Kind) -> VMIObject:
    """The object from the typed decoder; only for kinds with `has_typed_decoder`."""
    is_deleting = carrier.metadata is not None and carrier.metadata.deletion_timestamp is not None
    vm: Any = None
    holder: Any = None
    spec: Any = carrier
    for depth, attribute in enumerate(_ATTRIBUTES[kind.spec], 1):
        vm, holder, spec = holder, spec, getattr(spec, attribute)
        if spec is None:
            return VMIObject(kind, is_deleting, type_mismatches=(TypeMismatch(kind.spec[:depth], "an object", None),))
    if spec.domain is None:
        return VMIObject(kind, is_deleting, type_mismatches=(TypeMismatch((*kind.spec, _DOMAIN), "an object", None),))
    annotations = (holder.metadata.annotations if holder.metadata is not None else None) or _NO_ANNOTATIONS
    has_vmi = _has_vmi(kind, carrier.status.created if carrier.status is not None else None)
    return VMIObject(kind, is_deleting, spec, annotations, kind.preference is not None and vm.preference is not None, has_vmi)


def from_plain(obj: object, kind: Kind) -> VMIObject:
    """The object from plain data of any shape."""
    spec: VMISpec | None = None
    annotations, type_mismatches = _NO_ANNOTATIONS, _unfit_parent(obj, (*kind.spec, _DOMAIN))
    if not type_mismatches:
        spec, in_spec = decode(look_up(obj, kind.spec), VMISpec)
        annotations, in_annotations = _annotations(look_up(obj, kind.annotations), kind.annotations)
        type_mismatches = (*(mismatch._replace(path=kind.spec + mismatch.path) for mismatch in in_spec), *in_annotations)
    return VMIObject(
        kind,
        look_up(obj, ("metadata", "deletionTimestamp")) is not None,
        spec,
        annotations,
        has_preference=spec is not None and kind.preference is not None and look_up(obj, kind.preference) is not None,
        has_vmi=spec is not None and _has_vmi(kind, look_up(obj, ("status", "created"))),
        type_mismatches=type_mismatches,
        template=obj if kind.is_template else None,
    )


def _has_vmi(kind: Kind, created: object) -> bool:
    return kind.name == "VirtualMachineInstance" or (kind.name == "VirtualMachine" and created is True)


def _unfit_parent(obj: object, parents: Path) -> tuple[TypeMismatch, ...]:
    """A type mismatch for the first path prefix that is not an object."""
    for depth in range(1, len(parents) + 1):
        parent = look_up(obj, parents[:depth])
        if not isinstance(parent, dict):
            return (TypeMismatch(parents[:depth], "an object", None if parent is None else shown(parent)),)
    return ()


def _annotations(found: object, path: Path) -> tuple[Mapping[str, str], list[TypeMismatch]]:
    if found is None:
        return _NO_ANNOTATIONS, []
    if not isinstance(found, dict):
        return _NO_ANNOTATIONS, [TypeMismatch(path, "an object", shown(found))]
    fitting = {key: value or "" for key, value in found.items() if isinstance(value, str | None)}
    return fitting, [TypeMismatch((*path, key), "a string", shown(value)) for key, value in found.items() if key not in fitting]
