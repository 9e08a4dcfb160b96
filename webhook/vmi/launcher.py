"""A virt-launcher pod's metadata, the VMI that it names, and that VMI as far as its pod depends on it.

Whoever may create pods can write any label or owner on one, so nothing here is proof before the VMI itself has been read and has the uid
that the pod names.
"""

import enum
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from webhook.kube.names import is_dns_name
from webhook.kube.shape import UNDECODABLE
from webhook.vmi.kinds import split_api_version
from webhook.vmi.spec import PluginBinding, Present

LABEL = "kubevirt.io"
LAUNCHER = "virt-launcher"
CREATED_BY = "kubevirt.io/created-by"


class NotALauncher(enum.StrEnum):
    """Why a pod is not one of those whose VMI is read."""

    DELETING = "deleting"
    NOT_A_LAUNCHER = "not-a-launcher"
    UNKNOWN_REQUESTER = "unknown-requester"
    NO_VMI_OWNER = "no-vmi-owner"
    CREATED_BY_MISMATCH = "created-by-mismatch"


class VMIReference(NamedTuple):
    """The VMI that a pod says it is of. Namespace and name are DNS names: safe in a path or a URL."""

    namespace: str
    name: str
    uid: str


class OwnerReference(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """`metadata.ownerReferences[]`."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class PodMetadata(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """`metadata` of a pod."""

    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None
    owner_references: list[OwnerReference] | None = None
    deletion_timestamp: str | None = None


def vmi_of(metadata: PodMetadata, namespace: str, *, by_kubevirt: bool = True) -> VMIReference | NotALauncher:
    """The VMI that a pod in `namespace` names as its one controller, or why it names none that is believed.

    `by_kubevirt` is false when somebody else than KubeVirt creates the pod. The name is the owner's: the label `vm.kubevirt.io/name` holds
    a hostname; the API server asks of an owner's name only that it is not empty. The label `kubevirt.io/created-by` must agree, as
    KubeVirt writes it over whatever a VMI has there (kubevirt/kubevirt pkg/virt-controller/services/template.go@v1.9.0).
    """
    if metadata.deletion_timestamp is not None:
        return NotALauncher.DELETING
    labels = metadata.labels or {}
    if labels.get(LABEL) != LAUNCHER:
        return NotALauncher.NOT_A_LAUNCHER
    if not by_kubevirt:
        return NotALauncher.UNKNOWN_REQUESTER
    controllers = [owner for owner in metadata.owner_references or () if owner.controller]
    if len(controllers) != 1 or not _is_vmi(controllers[0]) or not is_dns_name(controllers[0].name) or not is_dns_name(namespace):
        return NotALauncher.NO_VMI_OWNER
    owner = controllers[0]
    if not owner.uid or owner.uid != labels.get(CREATED_BY):
        return NotALauncher.CREATED_BY_MISMATCH
    return VMIReference(namespace, owner.name, owner.uid)


def _is_vmi(owner: OwnerReference) -> bool:
    return owner.kind == "VirtualMachineInstance" and split_api_version(owner.api_version)[0] == "kubevirt.io"


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


class _Metadata(_Value, frozen=True):
    uid: str
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None


class LauncherVMI(_Value, frozen=True):
    """A VMI as its pod was rendered from it: presets, instance type and defaults are in it by then."""

    metadata: _Metadata
    spec: _Spec

    @property
    def plugin_names(self) -> list[str]:
        """The distinct plugins that interfaces name, in their order, registered or not."""
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
    """The VMI in this JSON, or `None` when it cannot be understood as one."""
    try:
        return _decode(body)
    except UNDECODABLE:
        return None
