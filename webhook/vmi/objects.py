"""Objects that carry a VMI spec, as one type for decoding JSON at speed: it has the places of all `kinds.KINDS` side by side.

One type, as what an object is stands behind it or beside it in JSON, and decoding it twice would cost most of the time. An object that does
not fit is for `kinds.read_vmi` to read, which takes any shape and tells what is wrong.
"""

from collections.abc import Mapping

import msgspec

from webhook.vmi.spec import Present, VMISpec
from webhook.vmi.vmi import VMI


class Metadata(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The parts of `metadata` that decide anything."""

    annotations: Mapping[str, str] | None = None
    deletion_timestamp: str | None = None


class Template(msgspec.Struct, frozen=True, gc=False):
    """`spec.template`: what a VMI is made from."""

    spec: VMISpec | None = None
    metadata: Metadata | None = None

    def vmi(self, *, has_preference: bool) -> VMI | None:
        """The VMI made from this, `None` without a spec."""
        return _vmi(self.spec, self.metadata, has_preference=has_preference)


class VMSpec(msgspec.Struct, frozen=True, gc=False):
    """`spec` of a VirtualMachine."""

    template: Template | None = None
    preference: Present | None = None


class VM(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """`spec.virtualMachineTemplate` of a pool."""

    spec: VMSpec | None = None


class CarrierSpec(VMISpec, frozen=True, rename="camel", gc=False):
    """`spec` of any kind: that of a VMI is the VMI spec itself; a VM and a replica set have `template`, a pool `virtualMachineTemplate`."""

    template: Template | None = None
    preference: Present | None = None
    virtual_machine_template: VM | None = None


class Carrier(msgspec.Struct, frozen=True, gc=False):
    """An object that carries a VMI spec somewhere, if it is of one of the kinds that do."""

    spec: CarrierSpec | None = None
    metadata: Metadata | None = None

    def vmi(self, kind: str) -> VMI | None:
        """The VMI of an object of `kind`, or `None` where a parent is missing."""
        spec = self.spec
        if spec is None:
            return None
        if kind == "VirtualMachineInstance":
            return _vmi(spec, self.metadata, has_preference=False)
        vm = spec.virtual_machine_template.spec if kind == "VirtualMachinePool" and spec.virtual_machine_template is not None else spec
        if vm is None or vm.template is None:
            return None
        return vm.template.vmi(has_preference=vm.preference is not None)


def _vmi(spec: VMISpec | None, metadata: Metadata | None, *, has_preference: bool) -> VMI | None:
    if spec is None or spec.domain is None:
        return None
    annotations = metadata.annotations if metadata is not None else None
    return VMI(spec, annotations=annotations or {}, has_preference=has_preference)
