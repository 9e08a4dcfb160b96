"""The kinds that contain a VMI spec, and the paths of the spec in them."""

from collections.abc import Mapping
from typing import NamedTuple

from webhook.kube.fieldpath import Path


class Kind(NamedTuple):
    """A kind that contains a VMI spec.

    Attributes:
        group: API group.
        name: The kind.
        versions: All API versions that KubeVirt 1.1 or later serves.
        spec: Path to the VMI spec.
        annotations: Path to the annotations that the VMI has or will have.
        preference: Path to the reference of a preference; `None` if the kind has none.
        is_template: Whether strings may contain `${PARAMETERS}`, so that findings are not certain.
        gets_defaults: Whether KubeVirt completes the VMI spec before it validates the object (pkg/defaults/defaults.go@v1.9.0).
    """

    group: str
    name: str
    versions: tuple[str, ...]
    spec: Path
    annotations: Path
    preference: Path | None = None
    is_template: bool = False
    gets_defaults: bool = True


_IN_VM: Path = ("spec", "template")
_IN_POOL: Path = ("spec", "virtualMachineTemplate", "spec", "template")
_IN_TEMPLATE: Path = ("spec", "virtualMachine", "spec", "template")
_ANNOTATIONS: Path = ("metadata", "annotations")

KINDS: tuple[Kind, ...] = (
    Kind("kubevirt.io", "VirtualMachine", ("v1", "v1alpha3"), (*_IN_VM, "spec"), (*_IN_VM, *_ANNOTATIONS), ("spec", "preference")),
    Kind("kubevirt.io", "VirtualMachineInstance", ("v1", "v1alpha3"), ("spec",), _ANNOTATIONS),
    Kind(
        "kubevirt.io",
        "VirtualMachineInstanceReplicaSet",
        ("v1", "v1alpha3"),
        (*_IN_VM, "spec"),
        (*_IN_VM, *_ANNOTATIONS),
        gets_defaults=False,
    ),
    Kind(
        "pool.kubevirt.io",
        "VirtualMachinePool",
        ("v1beta1", "v1alpha1"),
        (*_IN_POOL, "spec"),
        (*_IN_POOL, *_ANNOTATIONS),
        ("spec", "virtualMachineTemplate", "spec", "preference"),
        gets_defaults=False,
    ),
    Kind(
        "template.kubevirt.io",
        "VirtualMachineTemplate",
        ("v1beta1", "v1alpha1"),
        (*_IN_TEMPLATE, "spec"),
        (*_IN_TEMPLATE, *_ANNOTATIONS),
        ("spec", "virtualMachine", "spec", "preference"),
        is_template=True,
    ),
)
"""Served versions and paths: kubevirt/kubevirt staging/src/kubevirt.io/api/{core,pool}/ and virt-template, v1.1.0 to v1.9.0."""

_KIND_OF: Mapping[tuple[str, str], Kind] = {(kind.group, kind.name): kind for kind in KINDS}


def split_api_version(api_version: str) -> tuple[str, str]:
    """Group and version of an `apiVersion`; the core group is empty."""
    group, _, version = api_version.rpartition("/")
    return group, version


def kind_of(obj: object) -> Kind | None:
    """The kind of an object by its `apiVersion` and `kind`, in any version; `None` if it contains no VMI spec."""
    if not isinstance(obj, dict):
        return None
    api_version, name = obj.get("apiVersion"), obj.get("kind")
    if not isinstance(api_version, str) or not isinstance(name, str):
        return None
    return _KIND_OF.get((split_api_version(api_version)[0], name))
