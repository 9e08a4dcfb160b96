"""Objects that carry a VMI spec, as types for decoding JSON at speed: the same places as `kinds.KINDS`, one struct a kind.

An object that does not fit is for `kinds.read_vmi` to read, which takes any shape and tells what is wrong.
"""

from collections.abc import Mapping

import msgspec

from webhook.vmi.spec import Present, VMISpec
from webhook.vmi.vmi import VMI


class Metadata(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The parts of `metadata` that decide anything."""

    annotations: Mapping[str, str] | None = None
    deletion_timestamp: str | None = None


class VMITemplate(msgspec.Struct, frozen=True, gc=False):
    """`template`: what a VMI is made from. A VirtualMachineInstance has the same shape."""

    spec: VMISpec
    metadata: Metadata = Metadata()


class VMSpec(msgspec.Struct, frozen=True, gc=False):
    """`spec` of a VirtualMachine; of a replica set too, which has no preference."""

    template: VMITemplate
    preference: Present | None = None


class VM(msgspec.Struct, frozen=True, gc=False):
    """VirtualMachine, and VirtualMachineInstanceReplicaSet."""

    spec: VMSpec
    metadata: Metadata = Metadata()

    def vmi(self) -> VMI:
        template = self.spec.template
        return VMI(template.spec, annotations=template.metadata.annotations or {}, has_preference=self.spec.preference is not None)


class VMIObject(VMITemplate, frozen=True, gc=False):
    """VirtualMachineInstance."""

    def vmi(self) -> VMI:
        return VMI(self.spec, annotations=self.metadata.annotations or {})


class PoolSpec(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """`spec` of a VirtualMachinePool."""

    virtual_machine_template: VM


class Pool(msgspec.Struct, frozen=True, gc=False):
    """VirtualMachinePool."""

    spec: PoolSpec
    metadata: Metadata = Metadata()

    def vmi(self) -> VMI:
        return self.spec.virtual_machine_template.vmi()
