"""The VMI of a virt-launcher pod, with the fields that the overhead of the pod depends on."""

from collections.abc import Mapping

import msgspec

from webhook.kube.metadata import ObjectMeta
from webhook.kube.shape import UNDECODABLE
from webhook.vmi.spec import PluginBinding, Present


class _Value(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Base of the VMI's parts."""


class _Interface(_Value, frozen=True):
    binding: PluginBinding | None = None


class _Devices(_Value, frozen=True):
    interfaces: list[_Interface] | None = None


class _Memory(_Value, frozen=True):
    hugepages: Present | None = None


class _Resources(_Value, frozen=True):
    overcommit_guest_overhead: bool | None = None


class _CPU(_Value, frozen=True):
    dedicated_cpu_placement: bool | None = None


class _Domain(_Value, frozen=True):
    devices: _Devices = _Devices()
    memory: _Memory | None = None
    resources: _Resources | None = None
    cpu: _CPU | None = None


class _Spec(_Value, frozen=True):
    domain: _Domain


class LauncherVMI(_Value, frozen=True):
    """A stored VMI, from which its pod is rendered; presets, instance type and defaults are already applied."""

    metadata: ObjectMeta
    spec: _Spec

    @property
    def plugin_names(self) -> list[str]:
        """The plugins that interfaces name, each once, in order, registered or not."""
        interfaces = self.spec.domain.devices.interfaces or ()
        return list(dict.fromkeys(each.binding.name for each in interfaces if each.binding is not None and each.binding.name))

    @property
    def annotations(self) -> Mapping[str, str]:
        return self.metadata.annotations or {}

    @property
    def labels(self) -> Mapping[str, str]:
        return self.metadata.labels or {}

    @property
    def has_hugepages(self) -> bool:
        memory = self.spec.domain.memory
        return memory is not None and memory.hugepages is not None

    @property
    def overcommits_guest_overhead(self) -> bool:
        resources = self.spec.domain.resources
        return resources is not None and bool(resources.overcommit_guest_overhead)

    @property
    def has_dedicated_cpus(self) -> bool:
        cpu = self.spec.domain.cpu
        return cpu is not None and bool(cpu.dedicated_cpu_placement)


_decode = msgspec.json.Decoder(LauncherVMI).decode


def read_launcher_vmi(body: bytes) -> LauncherVMI | None:
    """Decode a stored VMI from JSON; `None` if it is not one. A stored VMI has a uid."""
    try:
        vmi = _decode(body)
    except UNDECODABLE:
        return None
    return vmi if vmi.metadata.uid else None
