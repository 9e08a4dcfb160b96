"""The registry: plugins and the KubeVirt facts that rules need, read from one place, immutable."""

from collections.abc import Mapping
from functools import cached_property

import msgspec

from webhook.kube.text import quoted
from webhook.kube.version import NEWEST, NEXT, Version
from webhook.plugins.gates import GateState, gate_state
from webhook.plugins.plugin import ATTACHMENT_TYPES, Plugin
from webhook.plugins.sidecars import BUILT_IN_NAME, image_name

_NAMES_LISTED = 10


class Registry(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What is registered, and what KubeVirt does with it.

    Attributes:
        known: Whether a source was read at all. When false, `plugins` is empty because nobody knows, and rules that need it do not run.
        plugins: By registration name, exactly as written.
        is_complete: Whether `plugins` certainly holds all that is registered.
        possible_plugins: Names that may be registered besides.
        version: The KubeVirt release, or `None` when unknown; rules then check as the newest release that they know.
        gates_known: Whether the source tells feature gates.
        enabled_gates: `spec.configuration.developerConfiguration.featureGates`.
        disabled_gates: `...disabledFeatureGates` (KubeVirt 1.8+).
        permit_bridge_on_pod_network: `spec.configuration.network.permitBridgeInterfaceOnPodNetwork`, default true.
        default_network_interface: `spec.configuration.network.defaultNetworkInterface`, default `bridge`.
        eviction_strategy: `spec.configuration.evictionStrategy`, for VMs that set none; `None` where it is unset or not known.
        permit_slirp: `spec.configuration.network.permitSlirpInterface`, default false; read before 1.3 only.
        owner: What an admin edits to register a plugin, as a person would say it.
        source: Where the registry was read from, as a person would say it.
    """

    known: bool = True
    plugins: Mapping[str, Plugin] = msgspec.field(default_factory=dict)
    is_complete: bool = True
    possible_plugins: frozenset[str] = frozenset()
    version: Version | None = None
    gates_known: bool = True
    enabled_gates: frozenset[str] = frozenset()
    disabled_gates: frozenset[str] = frozenset()
    permit_bridge_on_pod_network: bool = True
    default_network_interface: str = "bridge"
    eviction_strategy: str | None = None
    permit_slirp: bool = False
    owner: str = "the KubeVirt CR (spec.configuration.network.binding)"
    source: str = "nowhere"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The registration names, sorted."""
        return tuple(sorted(self.plugins))

    @cached_property
    def registered(self) -> str:
        """What the owner of a VM can do instead of naming an unknown plugin: the first of the registered ones, as an instruction."""
        names = self.names
        if not names:
            return "no plugin is registered; use a core binding such as masquerade: {}"
        more = f" and {len(names) - _NAMES_LISTED} more" if len(names) > _NAMES_LISTED else ""
        return "use a registered plugin: " + ", ".join(quoted(name) for name in names[:_NAMES_LISTED]) + more

    @cached_property
    def folded_names(self) -> frozenset[str]:
        """The registration names with their case folded."""
        return frozenset(name.casefold() for name in self.plugins)

    @cached_property
    def name_by_attachment(self) -> Mapping[str, str]:
        """Registration names by NetworkAttachmentDefinition, with and without its namespace; of several the first in sorted order."""
        found: dict[str, str] = {}
        for name in self.names:
            attachment = self.plugins[name].network_attachment_definition
            if attachment:
                found.setdefault(attachment, name)
                found.setdefault(attachment.rpartition("/")[2], name)
        return found

    @cached_property
    def built_in_sidecars(self) -> Mapping[str, str]:
        """Image names (keys of `sidecars.BUILT_IN_NAME`), by the registration names of the plugins that have one."""
        images = ((name, image_name(plugin.sidecar_image)) for name, plugin in self.plugins.items())
        return {name: image for name, image in images if image in BUILT_IN_NAME}

    @cached_property
    def attachment_types(self) -> tuple[str, ...]:
        """The values of `domainAttachmentType` that this KubeVirt knows."""
        return tuple(value for value, since in ATTACHMENT_TYPES.items() if self.at_least(*since))

    def attaches(self, plugin: Plugin) -> bool:
        """Whether anything gives the guest a NIC: a sidecar, or an attachment type that this KubeVirt knows."""
        return bool(plugin.sidecar_image) or plugin.domain_attachment_type in self.attachment_types

    def at_least(self, major: int, minor: int, patch: int = 0) -> bool:
        """Whether KubeVirt is at this release or later; an unknown version counts as the newest that is released."""
        return (self.version or NEWEST) >= (major, minor, patch)

    def gate(self, name: str) -> GateState:
        """Whether feature gate `name` (a key of `gates.GATES`) is on."""
        return gate_state(name, self.version, self.enabled_gates, self.disabled_gates, known=self.gates_known)

    @property
    def gates_doubt(self) -> str:
        """Why the default of a gate is a guess, as far as `gate` calls it one; completes a sentence."""
        if self.version is not None and self.version[:2] > NEXT[:2]:
            return f"KubeVirt {self.version} is newer than the releases that are known here"
        if self.gates_known:
            return f"KubeVirt {self.version} is not known here as released, and this is what is planned for it"
        return "no KubeVirt CR tells which gates are on"


def unknown_registry(version: Version | None = None) -> Registry:
    """The registry of someone who has been told nothing but, at most, a version."""
    return Registry(known=False, gates_known=False, version=version)
