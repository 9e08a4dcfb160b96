"""The fields of the guide to a binding."""

import dataclasses

from webhook.kube.version import Version
from webhook.vmi.bindings import BINDINGS


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BindingSummary:
    """A column of the table that compares the bindings: a few words for each question.

    Every word has at most 11 letters, so that five columns fit into 80.
    """

    address: str
    needs: str
    live_migration: str
    hotplug: str
    performance: str
    overhead: str
    choose: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BindingGuide:
    """What `explain` prints about a binding. Texts are plain ASCII, one paragraph each.

    Attributes:
        name: Its usual name.
        field: The field of an interface that selects it.
        aliases: Other names.
        mentions: Words for it in rules, in any case.
        summary: What it is, in one line.
        wiring: How the guest's NIC is connected to the pod's network.
        address: Who gives the guest its IP address.
        needs: Which network and what else it needs.
        live_migration: Whether the VM can be migrated, and what happens to the NIC.
        hotplug: Whether a NIC can be added to or removed from a running VM.
        performance: What a packet passes through; no figures, as those depend on the machine.
        overhead: Memory that KubeVirt adds to the pod because of it.
        choose: When to choose it.
        avoid: When not to choose it.
        example: Manifests that use it, as YAML; no rule has a finding about them.
        glance: The same in a few words.
    """

    name: str
    field: str
    aliases: tuple[str, ...] = ()
    mentions: tuple[str, ...]
    summary: str
    wiring: str
    address: str
    needs: str
    live_migration: str
    hotplug: str
    performance: str
    overhead: str
    choose: str
    avoid: str
    example: str
    glance: BindingSummary

    @property
    def since(self) -> Version:
        """First KubeVirt release whose API has the field."""
        return next(binding.since for binding in BINDINGS if binding.field == self.field)

    @property
    def names(self) -> tuple[str, ...]:
        """All names of the binding."""
        return (self.name, self.field, *self.aliases)
