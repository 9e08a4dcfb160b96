"""Read a registry file, for users without a KubeVirt CR. It is strict, because a typo could disable rules."""

from collections.abc import Iterator, Mapping

import msgspec

from webhook.kube.fieldpath import Path, look_up, render
from webhook.kube.quantity import ZERO, read_quantity
from webhook.kube.shape import TypeMismatch, decode
from webhook.kube.text import shown
from webhook.kube.version import LAST_MAJOR, Version, parse_version
from webhook.plugins.fields import SINCE, Unknown, unknown_fields, unknown_keys
from webhook.plugins.plugin import ComputeResourceOverhead, Plugin
from webhook.plugins.registry import Registry
from webhook.plugins.sources.loaded import LoadedRegistry, below, decode_plugins, mismatch_messages, refuse
from webhook.plugins.suggestions import Guesses

API_VERSION = "bindguard.io/v1"
KIND = "Registry"

_PLUGINS: Path = ("plugins",)
_SUPPLEMENTARY: Path = ("supplementaryOverheads",)
_VERSION, _VERSION_ELSEWHERE = "kubeVirtVersion", "kubevirtVersion"
_DEFAULT_INTERFACES = ("bridge", "masquerade", "slirp")
_EVICTION_STRATEGIES = ("LiveMigrate", "LiveMigrateIfPossible", "None", "External")


class RegistryFileContent(msgspec.Struct, frozen=True, rename="camel"):
    """The file."""

    api_version: str | None = None
    kind: str | None = None
    kube_virt_version: str | None = None
    plugins: Mapping[str, object] | None = None
    feature_gates: list[str] | None = None
    disabled_feature_gates: list[str] | None = None
    permit_bridge_interface_on_pod_network: bool | None = None
    default_network_interface: str | None = None
    eviction_strategy: str | None = None
    supplementary_overheads: Mapping[str, object] | None = None


def read(obj: object, *, source: str) -> LoadedRegistry:
    """The registry of a registry file.

    Raises:
        RegistryError: Anything in the file is of a wrong type, unknown, or no value that KubeVirt knows.
    """
    obj, twice = _respelled(obj)
    file, type_mismatches = decode(obj, RegistryFileContent)
    decoded = decode_plugins(file.plugins, _PLUGINS)
    supplementary, supplementary_type_mismatches = _supplementary(file)
    problems = [
        *twice,
        *(_unquoted(type_mismatch) for type_mismatch in type_mismatches),
        *mismatch_messages(decoded.type_mismatches + supplementary_type_mismatches),
        *_unknown_keys(obj, file),
        *_bad_values(obj, file),
        *_bad_overheads(file, decoded.plugins, supplementary),
    ]
    refuse(problems, source=source, what="this registry file")
    version = parse_version(file.kube_virt_version) if file.kube_virt_version is not None else None
    registry = Registry(
        plugins=decoded.plugins,
        version=version,
        gates_known=file.feature_gates is not None or file.disabled_feature_gates is not None,
        enabled_gates=frozenset(file.feature_gates or ()),
        disabled_gates=frozenset(file.disabled_feature_gates or ()),
        permit_bridge_on_pod_network=file.permit_bridge_interface_on_pod_network is not False,
        default_network_interface=file.default_network_interface or "bridge",
        eviction_strategy=file.eviction_strategy,
        owner=f"the KubeVirt CR (spec.configuration.network.binding) and in {source}",
        source=f"registry file {source}",
    )
    return LoadedRegistry(registry=registry, notes=tuple(_notes(decoded.plugins, version)), supplementary=supplementary)


def _respelled(obj: object) -> tuple[object, list[str]]:
    """The file with `kubeVirtVersion` in place of `kubevirtVersion`, which Bindguard's other files use; and errors if it has both."""
    if not isinstance(obj, dict) or _VERSION_ELSEWHERE not in obj:
        return obj, []
    if _VERSION in obj:
        return {key: value for key, value in obj.items() if key != _VERSION_ELSEWHERE}, [f"{_VERSION} and {_VERSION_ELSEWHERE} are one key"]
    return {_VERSION if key == _VERSION_ELSEWHERE else key: value for key, value in obj.items()}, []


def _supplementary(file: RegistryFileContent) -> tuple[dict[str, ComputeResourceOverhead], list[TypeMismatch]]:
    overheads: dict[str, ComputeResourceOverhead] = {}
    found: list[TypeMismatch] = []
    for name, raw in (file.supplementary_overheads or {}).items():
        overheads[name], type_mismatches = decode(raw, ComputeResourceOverhead)
        found += below((*_SUPPLEMENTARY, name), type_mismatches)
    return overheads, found


def _unquoted(type_mismatch: TypeMismatch) -> str:
    hint = " (put it in quotes: YAML reads 1.10 as the number 1.1)" if type_mismatch.path == (_VERSION,) else ""
    return mismatch_messages([type_mismatch])[0] + hint


def _unknown_keys(obj: object, file: RegistryFileContent) -> Iterator[str]:
    unknown: list[Unknown] = [*unknown_keys(obj, RegistryFileContent.__struct_encode_fields__)]
    for name, raw in (file.plugins or {}).items():
        unknown += [each._replace(path=(*_PLUGINS, name, *each.path)) for each in unknown_fields(raw)]
    for name, raw in (file.supplementary_overheads or {}).items():
        unknown += unknown_keys(raw, ComputeResourceOverhead.__struct_encode_fields__, (*_SUPPLEMENTARY, name))
    for each in unknown:
        guess = f"did you mean {each.meant}?" if each.meant is not None else "known here are " + ", ".join(each.known)
        yield f"{render(each.path)} is unknown: {guess}"


def _bad_values(obj: object, file: RegistryFileContent) -> Iterator[str]:
    version, default, strategy = file.kube_virt_version, file.default_network_interface, file.eviction_strategy
    if look_up(obj, _PLUGINS) is None:
        yield "plugins is missing, expected an object ({} when none is registered)"
    if version is not None and ((release := parse_version(version)) is None or release.major > LAST_MAJOR):
        yield f'kubeVirtVersion is {shown(version)}, expected a release such as "1.9" or "v1.9.0"'
    if default is not None and default not in _DEFAULT_INTERFACES:
        yield f"defaultNetworkInterface is {shown(default)}, expected one of " + ", ".join(_DEFAULT_INTERFACES)
    if strategy is not None and strategy not in _EVICTION_STRATEGIES:
        yield f"evictionStrategy is {shown(strategy)}, expected one of " + ", ".join(_EVICTION_STRATEGIES)


def _bad_overheads(
    file: RegistryFileContent, plugins: Mapping[str, Plugin], supplementary: Mapping[str, ComputeResourceOverhead]
) -> Iterator[str]:
    for name, plugin in plugins.items():
        if plugin.compute_resource_overhead is not None:
            yield from _bad_quantities(plugin.compute_resource_overhead, (*_PLUGINS, name, "computeResourceOverhead"))
    guesses = Guesses()
    for name, overhead in supplementary.items():
        if file.plugins is None or name not in file.plugins:
            guess = guesses.meant(name, plugins)
            yield f"{render((*_SUPPLEMENTARY, name))} is for a plugin that is not under plugins{guess}"
        yield from _bad_quantities(overhead, (*_SUPPLEMENTARY, name))


def _bad_quantities(overhead: ComputeResourceOverhead, at: Path) -> Iterator[str]:
    for section, values in (("requests", overhead.requests), ("limits", overhead.limits)):
        for resource, value in (values or {}).items():
            if not _is_amount(value):
                yield f'{render((*at, section, resource))} is {shown(value)}, expected a quantity of 0 or more such as "250Mi"'


def _is_amount(value: object) -> bool:
    try:
        return read_quantity(value) >= ZERO
    except ValueError:
        return False


def _notes(plugins: Mapping[str, Plugin], version: Version | None) -> Iterator[str]:
    if version is None or version >= SINCE["computeResourceOverhead"]:
        return
    for name, plugin in plugins.items():
        if plugin.compute_resource_overhead is not None:
            at = render((*_PLUGINS, name, "computeResourceOverhead"))
            yield f"KubeVirt {version} has no {at}: write the numbers under {render((*_SUPPLEMENTARY, name))}"
