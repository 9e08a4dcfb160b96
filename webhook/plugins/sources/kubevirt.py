"""Read the registry from a KubeVirt CR."""

from collections.abc import Mapping

import msgspec

from webhook.kube.fieldpath import Path
from webhook.kube.shape import TypeMismatch, decode
from webhook.kube.text import shown
from webhook.kube.version import LAST_MAJOR, OLDEST, Version, parse_version
from webhook.plugins.registry import Registry
from webhook.plugins.sources.loaded import CRMetadata, LoadedRegistry, decode_plugins, mismatch_messages, missing_spec, refuse, titled

API_VERSIONS = ("kubevirt.io/v1", "kubevirt.io/v1alpha3")
KIND = "KubeVirt"
BINDING: Path = ("spec", "configuration", "network", "binding")

_OWN = "the KubeVirt CR (spec.configuration.network.binding)"
_BY_HCO = "the HyperConverged CR (spec.networkBinding, in v1 spec.networking.networkBinding), which reverts edits of the KubeVirt CR"
_DEFAULT_INTERFACES = ("bridge", "masquerade", "slirp", "")


class NetworkConfiguration(msgspec.Struct, frozen=True, rename="camel"):
    """`spec.configuration.network`."""

    binding: Mapping[str, object] | None = None
    permit_bridge_interface_on_pod_network: bool | None = None
    default_network_interface: str | None = None
    permit_slirp_interface: bool | None = None


class DeveloperConfiguration(msgspec.Struct, frozen=True, rename="camel"):
    """`spec.configuration.developerConfiguration`."""

    feature_gates: list[str] | None = None
    disabled_feature_gates: list[str] | None = None


class KubeVirtConfiguration(msgspec.Struct, frozen=True, rename="camel"):
    """`spec.configuration`."""

    network: NetworkConfiguration | None = None
    eviction_strategy: str | None = None
    developer_configuration: DeveloperConfiguration | None = None


class KubeVirtSpec(msgspec.Struct, frozen=True, rename="camel"):
    """`spec`."""

    configuration: KubeVirtConfiguration | None = None


class KubeVirtStatus(msgspec.Struct, frozen=True):
    """`status`: the parts with the version."""

    phase: str | None = None
    observed: str | None = msgspec.field(default=None, name="observedKubeVirtVersion")
    target: str | None = msgspec.field(default=None, name="targetKubeVirtVersion")


class KubeVirtCR(msgspec.Struct, frozen=True, rename="camel"):
    """The KubeVirt custom resource."""

    metadata: CRMetadata | None = None
    spec: KubeVirtSpec | None = None
    status: KubeVirtStatus | None = None


def type_mismatches_in(obj: object) -> list[TypeMismatch]:
    """Wrong types in the fields that are read, except in plugins."""
    return decode(obj, KubeVirtCR)[1]


def read(obj: object, *, source: str, lenient: bool) -> LoadedRegistry:
    """The registry of a KubeVirt CR.

    Raises:
        RegistryError: Not `lenient`, and the CR has no spec or values of a wrong type.
    """
    cr, type_mismatches = decode(obj, KubeVirtCR)
    configuration = (cr.spec.configuration if cr.spec is not None else None) or KubeVirtConfiguration()
    network = configuration.network or NetworkConfiguration()
    developer = configuration.developer_configuration or DeveloperConfiguration()
    decoded = decode_plugins(network.binding, BINDING)
    title = titled(KIND, cr.metadata)
    if not lenient:
        refuse(missing_spec(obj) + mismatch_messages(type_mismatches + decoded.type_mismatches), source=source, what=title)
    version, version_notes = _version(cr.status or KubeVirtStatus())
    registry = Registry(
        plugins=decoded.plugins,
        version=version,
        enabled_gates=frozenset(developer.feature_gates or ()),
        disabled_gates=frozenset(developer.disabled_feature_gates or ()),
        permit_bridge_on_pod_network=network.permit_bridge_interface_on_pod_network is not False,
        default_network_interface=network.default_network_interface or "bridge",
        eviction_strategy=configuration.eviction_strategy,
        permit_slirp=network.permit_slirp_interface is True,
        owner=_BY_HCO if _owned_by_hco(cr.metadata) else _OWN,
        source=f"{title} in {source}",
    )
    return LoadedRegistry(registry=registry, notes=(*version_notes, *_default_interface_notes(network.default_network_interface)))


def _version(status: KubeVirtStatus) -> tuple[Version | None, tuple[str, ...]]:
    """The release that runs, or `None` and notes if it is not certain.

    `observedKubeVirtVersion` changes only when every component is ready; during a rollout, a newer virt-controller already runs
    (pkg/virt-operator/resource/apply/update.go@v1.9.0).
    """
    observed, target = status.observed, status.target
    if not observed:
        return None, ()
    if status.phase != "Deployed":
        return None, (f"KubeVirt is not Deployed (status.phase is {shown(status.phase)}): its version is treated as unknown",)
    if target and target != observed:
        return None, (f"KubeVirt is being updated from {shown(observed)} to {shown(target)}: its version is treated as unknown",)
    version = parse_version(observed)
    if version is None or version.major > LAST_MAJOR:
        return None, (f"KubeVirt's version {shown(observed)} is no release: it is treated as unknown",)
    if version < OLDEST:
        return None, (
            f"KubeVirt {version} has no binding plugins; the oldest release checked is {OLDEST}: its version is treated as unknown",
        )
    return version, ()


def _default_interface_notes(found: str | None) -> tuple[str, ...]:
    if found is None or found in _DEFAULT_INTERFACES:
        return ()
    # validateConfig logs the error and keeps what it had (pkg/virt-config/configuration.go@v1.9.0).
    note = f"defaultNetworkInterface is {shown(found)}: KubeVirt does not load such a configuration and keeps its last good one"
    return (f"{note}, so its registered plugins may differ from this CR",)


def _owned_by_hco(metadata: CRMetadata | None) -> bool:
    if metadata is None:
        return False
    by_label = (metadata.labels or {}).get("app.kubernetes.io/managed-by") == "hco-operator"
    return by_label or any(owner.kind == "HyperConverged" for owner in metadata.owner_references or ())
