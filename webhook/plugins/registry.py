"""The registry: the registered plugins and the KubeVirt settings that rules need, as one immutable value."""

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
    """The registered plugins, and the release and settings of KubeVirt.

    Attributes:
        known: Whether a source was read. If not, `plugins` is empty because they are unknown, and rules that need them do not run.
        plugins: By registration name, exactly as written.
        is_complete: Whether `plugins` certainly has all registered plugins.
        possible_plugins: Names of other plugins that may be registered.
        version: The KubeVirt release, or `None` when unknown; rules then assume the newest release.
        gates_known: Whether the source has the feature gates.
        enabled_gates: `spec.configuration.developerConfiguration.featureGates`.
        disabled_gates: `...disabledFeatureGates` (KubeVirt 1.8+).
        permit_bridge_on_pod_network: `spec.configuration.network.permitBridgeInterfaceOnPodNetwork`, default true.
        default_network_interface: `spec.configuration.network.defaultNetworkInterface`, default `bridge`.
        eviction_strategy: `spec.configuration.evictionStrategy`, for VMs that set none; `None` where it is unset or not known.
        permit_slirp: `spec.configuration.network.permitSlirpInterface`, default false; read before 1.3 only.
        owner: The object that an admin edits to register a plugin, for messages.
        source: Where the registry was read from, for messages.
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
        """The help for an unknown plugin: the first of the registered names, as an instruction."""
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
        """Registration names by NetworkAttachmentDefinition, with and without its namespace; if several plugins use one, the first name."""
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
        """The values of `domainAttachmentType` that this KubeVirt supports."""
        return tuple(value for value, since in ATTACHMENT_TYPES.items() if self.at_least(*since))

    def attaches(self, plugin: Plugin) -> bool:
        """Whether the guest gets a NIC: from a sidecar, or from an attachment type that this KubeVirt supports."""
        return bool(plugin.sidecar_image) or plugin.domain_attachment_type in self.attachment_types

    def at_least(self, major: int, minor: int, patch: int = 0) -> bool:
        """Whether KubeVirt is at this release or later; an unknown version is taken for the newest release."""
        return (self.version or NEWEST) >= (major, minor, patch)

    def gate(self, name: str) -> GateState:
        """Whether feature gate `name` (a key of `gates.GATES`) is on."""
        return gate_state(name, self.version, self.enabled_gates, self.disabled_gates, known=self.gates_known)

    @property
    def gates_doubt(self) -> str:
        """Why the state of a gate is unknown, as a clause; only for gates whose state is `UNKNOWN_*`."""
        if self.version is not None and self.version[:2] > NEXT[:2]:
            return f"KubeVirt {self.version} is newer than the releases that this program knows"
        if self.gates_known:
            return f"KubeVirt {self.version} is not released yet, and this is the plan for it"
        return "no KubeVirt CR says which gates are on"


def unknown_registry(version: Version | None = None) -> Registry:
    """A registry without a source, in which at most the version is known."""
    return Registry(known=False, gates_known=False, version=version)
