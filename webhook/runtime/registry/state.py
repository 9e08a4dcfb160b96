"""The known KubeVirt CRs of a cluster, and the rule set made from them."""

from collections.abc import Mapping, Sequence

import msgspec

from webhook.admission.rule_set import RuleSet
from webhook.cluster.events import BOOKMARK, DELETED, Event, Key, Listing, older
from webhook.cluster.kubevirts import EffectiveCR, Object, effective_cr, not_installed, unread, version_of
from webhook.plugins.plugin import ComputeResourceOverhead
from webhook.rules.base import Action
from webhook.rules.plugins import unregistered_plugin
from webhook.runtime.registry.last_good import StoredRegistry
from webhook.runtime.registry.options import RuleActions


class ClusterState:
    """The newest known state of the CRs, from list, watch or live read.

    Attributes:
        server: Address of the API server.
        counted: The active CR, or why there is none.
        rule_set: The rule set in service: one reference, replaced as a whole. Its plan is made again only when the active CR has changed,
            since status updates and bookmarks are frequent and change nothing.
        version: The resourceVersion up to which the state is known; empty before the first list.
    """

    def __init__(self, server: str, choices: RuleActions, supplementary: Mapping[str, ComputeResourceOverhead], now: float) -> None:
        self.server = server
        self._choices = choices
        self._supplementary = supplementary
        self._objects: Mapping[Key, Object] = {}
        self.version = ""
        self.counted = unread(server)
        self.rule_set = self._rule_set(self.counted, "", now)

    @property
    def objects(self) -> Sequence[Object]:
        """All CRs, active or not."""
        return list(self._objects.values())

    def listed(self, listing: Listing, now: float) -> bool:
        """Replace everything by a list; returns whether the rule set changed."""
        self._objects, self.version = listing.objects, listing.version
        return self._swap(effective_cr(self.objects, self.server), version_of(self.objects, self.version), now)

    def read(self, listing: Listing, before: str, now: float) -> bool:
        """Apply a live read that started at version `before`; returns whether the rule set changed.

        A read is dropped when the watch has brought a newer state meanwhile. A read that is older than `before` itself is applied: then
        etcd was restored.
        """
        overtaken = older(listing.version, self.version) and not older(listing.version, before)
        return False if overtaken else self.listed(listing, now)

    def changed(self, event: Event, now: float) -> bool:
        """Apply one event, unless a live read was newer; returns whether the rule set changed."""
        if older(event.version, self.version):
            return False
        if event.type == BOOKMARK:
            self.version = event.version
            self.rule_set = msgspec.structs.replace(self.rule_set, read_at=now)
            return False
        objects = {key: obj for key, obj in self._objects.items() if key != event.key}
        if event.type != DELETED:
            objects[event.key] = event.obj
        return self.listed(Listing(objects, event.version), now)

    def missing(self, now: float) -> bool:
        """Note that the cluster does not serve the kind; returns whether the rule set changed."""
        self._objects, self.version = {}, ""
        return self._swap(not_installed(self.server), "", now)

    def restored(self, kept: StoredRegistry, read_at: float) -> None:
        """Use the registry from disk until the first list."""
        objects = list(kept.listing().objects.values())
        self._swap(effective_cr(objects, self.server), version_of(objects, kept.version), read_at)

    def _swap(self, found: EffectiveCR, version: str, read_at: float) -> bool:
        if found == self.counted:
            self.rule_set = msgspec.structs.replace(self.rule_set, version=version, read_at=read_at)
            return False
        self.counted, self.rule_set = found, self._rule_set(found, version, read_at)
        return True

    def _rule_set(self, found: EffectiveCR, version: str, read_at: float) -> RuleSet:
        registry, plan = self._choices.applied(found.loaded.registry)
        return RuleSet(
            registry=registry,
            plan=plan,
            supplementary=self._supplementary,
            version=version,
            read_at=read_at,
            unchecked="" if self._choices.actions.get(unregistered_plugin.RULE.name) is Action.OFF else found.problem,
            launcher_creators=found.creators,
            support=self._choices.support,
        )
