"""What is told about one binding: the fields of a guide."""

import dataclasses

from webhook.kube.version import Version
from webhook.vmi.bindings import BINDINGS


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BindingSummary:
    """A binding in a few words per question: one column of the table that compares them.

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
    """Everything that `explain` tells about a binding; texts are plain ASCII prose, one paragraph each.

    Attributes:
        name: What a person calls it.
        field: The field of an interface that chooses it.
        aliases: Other names that are understood.
        mentions: Words (whole, in any case) by which a rule speaks of it.
        summary: What it is, in one line.
        wiring: How the guest's NIC is connected to the pod's network.
        address: Who gives the guest its IP address.
        needs: Which network and what else it needs.
        live_migration: Whether the VM can still move, and what that does to the NIC.
        hotplug: Whether a NIC can be added to or taken from a running VM.
        performance: What a packet passes through; no figures, as those depend on the machine.
        overhead: Memory that KubeVirt adds to the pod because of it.
        choose: When it is the right one.
        avoid: When it is not.
        example: Manifests that use it and that every rule accepts, as YAML.
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
        """Every name that it is found by."""
        return (self.name, self.field, *self.aliases)
