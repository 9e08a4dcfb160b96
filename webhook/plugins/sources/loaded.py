"""What every registry source returns, and how an unusable source is refused."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from webhook.errors import RegistryError
from webhook.kube.fieldpath import Path, look_up, render
from webhook.kube.shape import TypeMismatch, decode
from webhook.kube.version import Version
from webhook.plugins.plugin import ComputeResourceOverhead, Plugin
from webhook.plugins.registry import Registry

_PROBLEMS_TOLD = 3


class LoadedRegistry(msgspec.Struct, frozen=True, kw_only=True):
    """A registry and what a reader must know to trust it.

    Attributes:
        registry: What is registered.
        notes: What the source does not show or what was assumed; one sentence each, no full stop.
        supplementary: Overheads by plugin that KubeVirt itself cannot carry or ignores; only a registry file has them.
    """

    registry: Registry
    notes: tuple[str, ...] = ()
    supplementary: Mapping[str, ComputeResourceOverhead] = msgspec.field(default_factory=dict)

    def at_version(self, version: Version | None) -> "LoadedRegistry":
        """The same at the KubeVirt release that the user gave, if one was given."""
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
    """Plugins by name, and what in them does not fit, with paths from the object's root."""

    plugins: dict[str, Plugin]
    type_mismatches: list[TypeMismatch]


def decode_plugins(raw: Mapping[str, object] | None, at: Path) -> DecodedPlugins:
    """Every plugin of a map that stands at `at`; one that is no object counts as registered with no fields."""
    plugins: dict[str, Plugin] = {}
    found: list[TypeMismatch] = []
    for name, value in (raw or {}).items():
        plugins[name], type_mismatches = decode(value, Plugin)
        found += below((*at, name), type_mismatches)
    return DecodedPlugins(plugins, found)


def below(at: Path, type_mismatches: Iterable[TypeMismatch]) -> list[TypeMismatch]:
    """The same type mismatches with paths that begin with `at`."""
    return [type_mismatch._replace(path=(*at, *type_mismatch.path)) for type_mismatch in type_mismatches]


def told(type_mismatches: Iterable[TypeMismatch]) -> list[str]:
    """Each type mismatch as a problem in one clause."""
    return [
        f"{render(type_mismatch.path) or 'the document'} is {type_mismatch.found or 'missing'}, expected {type_mismatch.expected}"
        for type_mismatch in type_mismatches
    ]


def missing_spec(obj: object) -> list[str]:
    """The problem of a CR without a spec; one whose spec is of a wrong type has a type mismatch there."""
    return [] if look_up(obj, ("spec",)) is not None else ["spec is missing, expected an object"]


def refuse(problems: Sequence[str], *, source: str, what: str) -> None:
    """Refuse `source` unless it has no problems; the first few are told.

    Raises:
        RegistryError: There are problems.
    """
    if not problems:
        return
    more = f"; and {len(problems) - _PROBLEMS_TOLD} more" if len(problems) > _PROBLEMS_TOLD else ""
    raise RegistryError(f"{what} cannot serve as the registry: " + "; ".join(problems[:_PROBLEMS_TOLD]) + more, file=source)


def titled(kind: str, metadata: CRMetadata | None) -> str:
    """An object as a person would name it: `KubeVirt kubevirt/kubevirt`."""
    if metadata is None or not metadata.name:
        return kind
    return f"{kind} {metadata.namespace}/{metadata.name}" if metadata.namespace else f"{kind} {metadata.name}"
