"""Read a registry from a KubeVirt CR, a HyperConverged CR or a registry file, given as plain data."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from webhook.errors import RegistryError
from webhook.kube.fieldpath import Path, look_up
from webhook.kube.shape import TypeMismatch, decode
from webhook.kube.text import shown
from webhook.kube.version import Version
from webhook.plugins.plugin import Plugin
from webhook.plugins.sources import hyperconverged, kubevirt, registry_file
from webhook.plugins.sources.loaded import LoadedRegistry, below

__all__ = [
    "LoadedRegistry",
    "RegistryCR",
    "WrittenPlugin",
    "binding_path",
    "is_hyperconverged",
    "is_kubevirt",
    "is_registry_file",
    "read_registry_cr",
    "registry_from",
]

READ: Mapping[str, tuple[str, ...]] = {
    kubevirt.KIND: kubevirt.API_VERSIONS,
    hyperconverged.KIND: tuple(hyperconverged.BINDING_IN),
    registry_file.KIND: (registry_file.API_VERSION,),
}
"""The API versions that are read, by kind."""


class WrittenPlugin(NamedTuple):
    """A plugin in a CR: its name, plain data, decoded value, and path from the root."""

    name: str
    raw: object
    plugin: Plugin
    path: Path


class RegistryCR(NamedTuple):
    """The plugins of a KubeVirt or HyperConverged CR.

    Attributes:
        registrations: Its plugins, in the order written.
        type_mismatches: Values of the wrong type in the fields of the spec that are read.
        is_deleting: Whether it has a deletionTimestamp.
    """

    registrations: Sequence[WrittenPlugin]
    type_mismatches: Sequence[TypeMismatch]
    is_deleting: bool


def is_kubevirt(obj: object) -> bool:
    """Whether this is a KubeVirt CR of a served version."""
    return _is_a(kubevirt.KIND, obj)


def is_hyperconverged(obj: object) -> bool:
    """Whether this is a HyperConverged CR of a served version."""
    return _is_a(hyperconverged.KIND, obj)


def is_registry_file(obj: object) -> bool:
    """Whether this is a Bindguard registry file."""
    return _is_a(registry_file.KIND, obj)


def registry_from(obj: object, *, source: str, lenient: bool = False, version: Version | None = None) -> LoadedRegistry:
    """The registry that an object describes.

    Args:
        obj: The object, as plain data.
        source: Name of the input for messages, such as a file name.
        lenient: Whether values of the wrong type in a CR are treated as absent. A registry file is always read strictly.
        version: KubeVirt's release as the user gave it; it overrides the release in the object.

    Raises:
        RegistryError: `obj` is of another kind, or has wrong values; the message has the field, the value and what is expected.
    """
    if is_kubevirt(obj):
        loaded = kubevirt.read(obj, source=source, lenient=lenient)
    elif is_hyperconverged(obj):
        loaded = hyperconverged.read(obj, source=source, lenient=lenient, version=version)
    elif is_registry_file(obj):
        loaded = registry_file.read(obj, source=source)
    else:
        raise RegistryError(_not_a_source(obj), file=source)
    return loaded.at_version(version)


def read_registry_cr(obj: object) -> RegistryCR | None:
    """The plugins of a KubeVirt or HyperConverged CR in plain data of any shape; `None` for other objects."""
    at = binding_path(obj)
    if at is None:
        return None
    written = look_up(obj, at)
    mismatches = (kubevirt if is_kubevirt(obj) else hyperconverged).type_mismatches_in(obj)
    in_spec = [mismatch for mismatch in mismatches if mismatch.path[:1] == ("spec",)]
    registrations: list[WrittenPlugin] = []
    for name, raw in written.items() if isinstance(written, dict) else ():
        plugin, in_plugin = decode(raw, Plugin)
        registrations.append(WrittenPlugin(name, raw, plugin, (*at, name)))
        in_spec += below((*at, name), in_plugin)
    is_deleting = look_up(obj, ("metadata", "deletionTimestamp")) is not None
    return RegistryCR(registrations, in_spec, is_deleting=is_deleting)


def binding_path(obj: object) -> Path | None:
    """Where a KubeVirt or HyperConverged CR has its plugins; `None` for other objects."""
    if is_kubevirt(obj):
        return kubevirt.BINDING
    if is_hyperconverged(obj):
        return hyperconverged.BINDING_IN[str(look_up(obj, ("apiVersion",)))]
    return None


def _is_a(kind: str, obj: object) -> bool:
    return look_up(obj, ("kind",)) == kind and look_up(obj, ("apiVersion",)) in READ[kind]


def _not_a_source(obj: object) -> str:
    kind, api_version = look_up(obj, ("kind",)), look_up(obj, ("apiVersion",))
    if not isinstance(obj, dict):
        return f"this is {shown(obj)}, not a registry; {_kinds_read()}"
    if isinstance(kind, str) and kind in READ and _same_group(api_version, READ[kind]):
        return f"{kind} of apiVersion {shown(api_version)} is not read; write " + " or ".join(READ[kind])
    return f"kind {shown(kind)} of apiVersion {shown(api_version)} is not a registry; {_kinds_read()}"


def _same_group(api_version: object, read: tuple[str, ...]) -> bool:
    return isinstance(api_version, str) and api_version.partition("/")[0] == read[0].partition("/")[0]


def _kinds_read() -> str:
    return "read are " + "; ".join(f"{kind} ({', '.join(versions)})" for kind, versions in READ.items())
