"""What is known of a cluster's KubeVirt CRs, and the rule set that it makes."""

from collections.abc import Mapping, Sequence

import msgspec

from webhook.admission.rule_set import RuleSet
from webhook.cluster.events import BOOKMARK, DELETED, Event, Key, Listing, older
from webhook.cluster.kubevirts import EffectiveCR, Object, counted, not_installed, unread, version_of
from webhook.plugins.plugin import ComputeResourceOverhead
from webhook.rules.base import Action
from webhook.rules.plugins import unregistered_plugin
from webhook.runtime.registry.last_good import StoredRegistry
from webhook.runtime.registry.options import RuleActions


class ClusterState:
    """The CRs as they were last told, by listing, watch or live read, whichever is the newest.

    Attributes:
        server: Address of the API server.
        counted: What the CRs come to.
        rule_set: In service; one reference, replaced as a whole; its plan only where the rules could differ, as status updates and
            bookmarks come often and change nothing.
        version: The resourceVersion up to which the state is known; empty while nothing was listed.
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
        """All CRs, those that do not count included."""
        return list(self._objects.values())

    def listed(self, listing: Listing, now: float) -> bool:
        """Replace everything; whether that changed what objects are checked against."""
        self._objects, self.version = listing.objects, listing.version
        return self._swap(counted(self.objects, self.server), version_of(self.objects, self.version), now)

    def read(self, listing: Listing, before: str, now: float) -> bool:
        """Take a live read that began when `before` was the version; whether that changed what objects are checked against.

        A watch may have overtaken it. What is older than what was known before it began is the truth nevertheless: etcd was restored.
        """
        overtaken = older(listing.version, self.version) and not older(listing.version, before)
        return False if overtaken else self.listed(listing, now)

    def changed(self, event: Event, now: float) -> bool:
        """Take one event; whether that changed what objects are checked against. One that a live read has overtaken is known already."""
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
        """There is no such kind in the cluster; whether that changed what objects are checked against."""
        self._objects, self.version = {}, ""
        return self._swap(not_installed(self.server), "", now)

    def restored(self, kept: StoredRegistry, read_at: float) -> None:
        """Check by what was kept; whatever is listed later replaces it."""
        objects = list(kept.listing().objects.values())
        self._swap(counted(objects, self.server), version_of(objects, kept.version), read_at)

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
        )
