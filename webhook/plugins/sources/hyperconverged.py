"""Read the registry from a HyperConverged CR.

The operator creates the KubeVirt CR from it, adds plugins, and applies a JSON Patch. This module does the same.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from webhook.kube.fieldpath import Path, look_up, render
from webhook.kube.shape import TypeMismatch, decode
from webhook.kube.text import number_of, shown
from webhook.kube.version import Version, parse_version
from webhook.plugins.plugin import MANAGED_TAP, Plugin
from webhook.plugins.sources import kubevirt
from webhook.plugins.sources.json_patch import PatchError, patched
from webhook.plugins.sources.loaded import CRMetadata, LoadedRegistry, decode_plugins, mismatch_messages, missing_spec, refuse, titled

KIND = "HyperConverged"
BINDING_IN: Mapping[str, Path] = {
    "hco.kubevirt.io/v1beta1": ("spec", "networkBinding"),
    "hco.kubevirt.io/v1": ("spec", "networking", "networkBinding"),
}
"""Where the plugins are, by API version (api/v1beta1 and api/v1 of kubevirt/hyperconverged-cluster-operator)."""

_DEPLOY_PASST = "hco.kubevirt.io/deployPasstNetworkBinding"
_JSON_PATCH = "kubevirt.kubevirt.io/jsonpatch"
_PLUGINS_SHOWN = 10

_KUBEVIRT_OF: Mapping[tuple[int, int], Version] = {
    (1, 10): Version(1, 0),
    (1, 11): Version(1, 1, 1),
    (1, 12): Version(1, 2, 2),
    (1, 13): Version(1, 3, 1),
    (1, 14): Version(1, 4),
    (1, 15): Version(1, 5, 2),
    (1, 16): Version(1, 6),
    (1, 17): Version(1, 7),
    (1, 18): Version(1, 8),
    (1, 19): Version(1, 9),
}
"""The KubeVirt release that each HyperConverged minor release deploys (its go.mod)."""

_LAST_WITHOUT_PLUGINS, _NEWEST = min(_KUBEVIRT_OF), max(_KUBEVIRT_OF)

_L2BRIDGE: Mapping[str, object] = {"domainAttachmentType": MANAGED_TAP, "migration": {}}
_PASST_ATTACHMENT = "default/primary-udn-kubevirt-binding"
_PASST_IMAGE = "quay.io/kubevirt/network-passt-binding"  # in HCO an environment variable; this is the upstream image without a tag


class Virtualization(msgspec.Struct, frozen=True, rename="camel"):
    """`spec.virtualization` of v1."""

    eviction_strategy: str | None = None


class Networking(msgspec.Struct, frozen=True, rename="camel"):
    """`spec.networking` of v1."""

    network_binding: Mapping[str, object] | None = None


class HyperConvergedSpec(msgspec.Struct, frozen=True, rename="camel"):
    """`spec`; `featureGates` is left out: it is an object in v1beta1 and a list in v1."""

    network_binding: Mapping[str, object] | None = None
    networking: Networking | None = None
    eviction_strategy: str | None = None
    virtualization: Virtualization | None = None


class ComponentVersion(msgspec.Struct, frozen=True):
    """`status.versions[]`."""

    name: str | None = None
    version: str | None = None


class HyperConvergedStatus(msgspec.Struct, frozen=True):
    """`status`: the operator's version, and whether the cluster has several workers."""

    versions: list[ComponentVersion] | None = None
    infrastructure_highly_available: bool | None = msgspec.field(default=None, name="infrastructureHighlyAvailable")


class HyperConvergedCR(msgspec.Struct, frozen=True):
    """The HyperConverged custom resource."""

    metadata: CRMetadata | None = None
    spec: HyperConvergedSpec | None = None
    status: HyperConvergedStatus | None = None


class _Release(NamedTuple):
    """The operator's release.

    Attributes:
        version: `None` if it is unknown; it is then taken for the newest.
        is_derived: Whether it is derived from KubeVirt's release, because the CR has no version.
    """

    version: Version | None
    is_derived: bool = False

    @property
    def reads_plugins(self) -> bool:
        """Whether this release supports plugins in the CR."""
        return self.version is None or self.version[:2] > _LAST_WITHOUT_PLUGINS

    def within(self, first: int, last: int | None = None) -> bool:
        """Whether this is 1.`first` or later, and 1.`last` or earlier."""
        minor = self.version[:2] if self.version is not None else _NEWEST
        return minor >= (1, first) and (last is None or minor <= (1, last))

    def __str__(self) -> str:
        return f"{KIND} {self.version}" if self.version is not None else KIND


def type_mismatches_in(obj: object) -> list[TypeMismatch]:
    """Wrong types in the fields that are read, except in plugins."""
    return decode(obj, HyperConvergedCR)[1]


def read(obj: object, *, source: str, lenient: bool, version: Version | None = None) -> LoadedRegistry:
    """The registry in a HyperConverged CR.

    Args:
        obj: The CR, as plain data.
        source: Where the CR was read.
        lenient: Whether a missing spec and values of a wrong type are treated as absent.
        version: KubeVirt's release as the user gave it. The operator's release is derived from it if the CR has no status, as in Git.

    Raises:
        RegistryError: Not `lenient`, and the CR has no spec or values of a wrong type.
    """
    cr, type_mismatches = decode(obj, HyperConvergedCR)
    at = BINDING_IN[str(look_up(obj, ("apiVersion",)))]
    written = look_up(obj, at)
    decoded = decode_plugins(written if isinstance(written, dict) else None, at)
    title = titled(KIND, cr.metadata)
    if not lenient:
        refuse(missing_spec(obj) + mismatch_messages(type_mismatches + decoded.type_mismatches), source=source, what=title)
    release = _release(cr, version)
    added = dict(_added(release, obj))
    binding = {**(written if isinstance(written, dict) else {}), **added}
    rendered = {
        "apiVersion": kubevirt.API_VERSIONS[0],
        "kind": kubevirt.KIND,
        "spec": {
            "configuration": {
                "developerConfiguration": {"featureGates": list(_gates(release, obj))},
                "network": {"defaultNetworkInterface": "masquerade", **({"binding": binding} if binding and release.reads_plugins else {})},
                "evictionStrategy": _eviction_strategy(cr, obj),
            }
        },
    }
    rendered, patch_notes, is_complete = _with_json_patch(rendered, obj)
    registry = msgspec.structs.replace(
        kubevirt.read(rendered, source=source, lenient=True).registry,
        is_complete=is_complete,
        possible_plugins=frozenset(("passt",) if release.version is None and _deploys_passt(obj) else ()),
        version=_kubevirt_version(release),
        gates_known=False,
        owner=f"the HyperConverged CR ({render(at)})",
        source=f"{title} in {source}",
    )
    return LoadedRegistry(registry=registry, notes=(*_notes(release, obj, at, decoded.plugins, added), *patch_notes))


def _with_json_patch(rendered: dict[str, Any], obj: object) -> tuple[dict[str, Any], list[str], bool]:
    """The KubeVirt CR after the patch in the annotation, notes about the patch, and whether the CR certainly has all plugins."""
    annotation = look_up(obj, ("metadata", "annotations", _JSON_PATCH))
    if annotation is None:
        return rendered, [], True
    try:
        result = patched(rendered, annotation)
    except PatchError as error:
        doubt = "so it is not certain what is registered, and an unregistered plugin only warns"
        return rendered, [f"annotation {_JSON_PATCH} is not applied: {error}; {doubt}"], False
    return result, list(_changes(rendered, result)), True


def _changes(before: object, after: object) -> Iterator[str]:
    """A note about the plugins that the patch adds, one about those that it changes, and one about those that it removes."""
    old, new = (look_up(cr, kubevirt.BINDING) for cr in (before, after))
    old, new = (each if isinstance(each, dict) else {} for each in (old, new))
    changed = [name for name in new if name in old and new[name] != old[name]]
    for verb, names in (("adds", new.keys() - old), ("changes", changed), ("removes", old.keys() - new)):
        if names:
            listed = ", ".join(shown(name) for name in sorted(names)[:_PLUGINS_SHOWN])
            more = f" and {len(names) - _PLUGINS_SHOWN} more" if len(names) > _PLUGINS_SHOWN else ""
            yield f"annotation {_JSON_PATCH} {verb} {number_of(len(names), 'plugin')}: {listed}{more}"


def _release(cr: HyperConvergedCR, kubevirt: Version | None) -> _Release:
    versions = (cr.status.versions if cr.status is not None else None) or ()
    operator = next((parse_version(each.version) for each in versions if each.name == "operator" and each.version), None)
    if operator is not None or kubevirt is None:
        return _Release(operator)
    of_kubevirt = {carried[:2]: minor for minor, carried in _KUBEVIRT_OF.items()}
    return _Release(Version(*of_kubevirt.get(kubevirt[:2], _NEWEST)), is_derived=True)


def _eviction_strategy(cr: HyperConvergedCR, obj: object) -> str:
    """The value in the CR, else the operator's default: LiveMigrate, or None with a single worker.

    Source: pkg/webhooks/mutator/hyperConvergedMutator.go@release-1.10 to @release-1.19.
    """
    spec = cr.spec or HyperConvergedSpec()
    is_v1 = look_up(obj, ("apiVersion",)) == "hco.kubevirt.io/v1"
    written = (spec.virtualization or Virtualization()).eviction_strategy if is_v1 else spec.eviction_strategy
    if written is not None:
        return written
    has_one_worker = cr.status is not None and cr.status.infrastructure_highly_available is False
    return "None" if has_one_worker else "LiveMigrate"


def _kubevirt_version(release: _Release) -> Version | None:
    if release.version is None:
        return None
    if release.version[:2] < _LAST_WITHOUT_PLUGINS:
        return _KUBEVIRT_OF[_LAST_WITHOUT_PLUGINS]
    return _KUBEVIRT_OF.get(release.version[:2])


def _added(release: _Release, obj: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Plugins that the operator adds, replacing those of the same name in the CR (controllers/handlers/kubevirt.go of each release)."""
    if release.within(14):
        yield "l2bridge", _L2BRIDGE
    if release.within(13, 13) and look_up(obj, ("spec", "featureGates", "primaryUserDefinedNetworkBinding")) is True:
        yield "passt", _passt("500Mi", {"method": "link-refresh"})
    if release.within(16, 18) and _deploys_passt(obj):
        yield "passt", _passt("250Mi", {})


def _passt(memory: str, migration: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "networkAttachmentDefinition": _PASST_ATTACHMENT,
        "sidecarImage": _PASST_IMAGE,
        "migration": migration,
        "computeResourceOverhead": {"requests": {"memory": memory}},
    }


def _gates(release: _Release, obj: object) -> Iterator[str]:
    """Gates that the operator is known to enable. It enables others too, so that a missing gate may still be on."""
    if release.within(11, 14):
        yield "NetworkBindingPlugins"
    if release.within(19) and _deploys_passt(obj):
        yield "PasstBinding"


def _deploys_passt(obj: object) -> bool:
    return look_up(obj, ("metadata", "annotations", _DEPLOY_PASST)) == "true"


def _notes(release: _Release, obj: object, at: Path, written: Mapping[str, Plugin], added: Collection[str]) -> Iterator[str]:
    yield from _version_notes(release)
    for name in added:
        overwritten = ", and overwrites the one written here" if name in written else ""
        yield f"{release} adds plugin {shown(name)}{overwritten}"
    if _deploys_passt(obj) and release.within(19):
        yield f'{release} reads annotation {_DEPLOY_PASST} as feature gate PasstBinding; up to 1.18 it added plugin "passt"'
    for other in BINDING_IN.values():
        if other != at and look_up(obj, other) is not None:
            yield f"{render(other)} is not read in this API version: plugins belong under {render(at)}"


def _version_notes(release: _Release) -> Iterator[str]:
    version = release.version
    if release.is_derived:
        yield f'HyperConverged\'s version is unknown (status.versions has no "operator"): checked as {version}, from the KubeVirt release'
    elif version is None:
        yield 'HyperConverged\'s version is unknown (status.versions has no "operator"): checked as the newest'
    elif version[:2] <= _LAST_WITHOUT_PLUGINS:
        yield f"{release} has no {render(BINDING_IN['hco.kubevirt.io/v1beta1'])}: no plugin can be registered before 1.11"
    elif version[:2] > _NEWEST:
        yield f"{release} is newer than this program knows: checked as {_NEWEST[0]}.{_NEWEST[1]}"
