"""The result of every registry source, and the error for an unusable source."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from webhook.errors import RegistryError
from webhook.kube.fieldpath import Path, look_up, render
from webhook.kube.shape import TypeMismatch, decode
from webhook.kube.version import Version
from webhook.plugins.plugin import ComputeResourceOverhead, Plugin
from webhook.plugins.registry import Registry

_MAX_PROBLEMS_SHOWN = 3


class LoadedRegistry(msgspec.Struct, frozen=True, kw_only=True):
    """A registry, and notes about how certain it is.

    Attributes:
        registry: The registry.
        notes: What is unknown or assumed; one sentence each, without a full stop.
        supplementary: Overheads by plugin that the KubeVirt API does not have or ignores; only a registry file has them.
    """

    registry: Registry
    notes: tuple[str, ...] = ()
    supplementary: Mapping[str, ComputeResourceOverhead] = msgspec.field(default_factory=dict)

    def at_version(self, version: Version | None) -> "LoadedRegistry":
        """A copy with the KubeVirt release that the user gave, if any."""
        if version is None:
            return self
        return msgspec.structs.replace(self, registry=msgspec.structs.replace(self.registry, version=version))


class CROwnerReference(msgspec.Struct, frozen=True, rename="camel"):
    """`metadata.ownerReferences[]`."""

    kind: str | None = None


class CRMetadata(msgspec.Struct, frozen=True, rename="camel"):
    """`metadata` of a CR, as far as a registry's reader needs it; it comes from any file, so labels and annotations may be of any type."""

    name: str | None = None
    namespace: str | None = None
    labels: Mapping[str, object] | None = None
    annotations: Mapping[str, object] | None = None
    owner_references: list[CROwnerReference] | None = None


class DecodedPlugins(NamedTuple):
    """Plugins by name, and their type mismatches, with paths from the object's root."""

    plugins: dict[str, Plugin]
    type_mismatches: list[TypeMismatch]


def decode_plugins(raw: Mapping[str, object] | None, at: Path) -> DecodedPlugins:
    """Decode the plugins of the map at path `at`; a value that is not an object becomes a plugin without fields."""
    plugins: dict[str, Plugin] = {}
    found: list[TypeMismatch] = []
    for name, value in (raw or {}).items():
        plugins[name], type_mismatches = decode(value, Plugin)
        found += below((*at, name), type_mismatches)
    return DecodedPlugins(plugins, found)


def below(at: Path, type_mismatches: Iterable[TypeMismatch]) -> list[TypeMismatch]:
    """The type mismatches, with `at` before their paths."""
    return [type_mismatch._replace(path=(*at, *type_mismatch.path)) for type_mismatch in type_mismatches]


def mismatch_messages(type_mismatches: Iterable[TypeMismatch]) -> list[str]:
    """A message for each type mismatch."""
    return [
        f"{render(type_mismatch.path) or 'the document'} is {type_mismatch.found or 'missing'}, expected {type_mismatch.expected}"
        for type_mismatch in type_mismatches
    ]


def missing_spec(obj: object) -> list[str]:
    """A message if the CR has no spec. A spec of the wrong type is a type mismatch instead."""
    return [] if look_up(obj, ("spec",)) is not None else ["spec is missing, expected an object"]


def refuse(problems: Sequence[str], *, source: str, what: str) -> None:
    """Refuse `source` if it has problems; the message has the first few.

    Raises:
        RegistryError: There are problems.
    """
    if not problems:
        return
    more = f"; and {len(problems) - _MAX_PROBLEMS_SHOWN} more" if len(problems) > _MAX_PROBLEMS_SHOWN else ""
    raise RegistryError(f"{what} cannot serve as the registry: " + "; ".join(problems[:_MAX_PROBLEMS_SHOWN]) + more, file=source)


def titled(kind: str, metadata: CRMetadata | None) -> str:
    """Kind, namespace and name for messages: `KubeVirt kubevirt/kubevirt`."""
    if metadata is None or not metadata.name:
        return kind
    return f"{kind} {metadata.namespace}/{metadata.name}" if metadata.namespace else f"{kind} {metadata.name}"
