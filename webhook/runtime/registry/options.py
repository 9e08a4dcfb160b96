"""Options of a registry: rule actions, KubeVirt version, extra overheads, where it is kept, and what counts its events."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

from webhook.admission.rule_set import Support
from webhook.cluster.clock import CLOCK, Clock
from webhook.kube.version import Version, parse_version
from webhook.loading.rule_actions import actions_by_rule
from webhook.plugins.plugin import ComputeResourceOverhead
from webhook.plugins.registry import Registry
from webhook.rules import RULES
from webhook.rules.base import Action
from webhook.rules.plan import Plan, plan
from webhook.runtime.registry.last_good import LastGood
from webhook.runtime.settings.model import ServeSettings


class RuleActions(msgspec.Struct, frozen=True):
    """Settings that override the registry and the rules' own actions.

    Attributes:
        actions: Rule actions that differ from the rules' own.
        version: Overrides the KubeVirt version of the registry.
        support: What denials and warnings say about help.
    """

    actions: Mapping[str, Action] = msgspec.field(default_factory=dict)
    version: Version | None = None
    support: Support = Support()

    def applied(self, registry: Registry) -> tuple[Registry, Plan]:
        """The registry with the version that was set, and the active rules in a cluster, where KubeVirt's webhook is asked as well."""
        if self.version is not None:
            registry = msgspec.structs.replace(registry, version=self.version)
        return registry, plan(RULES, registry, self.actions, upstream_answers=True)


def choices_of(settings: ServeSettings) -> RuleActions:
    """The overrides in a server's settings."""
    version = settings.kubevirt_version
    return RuleActions(
        actions=actions_by_rule(settings.rules),
        version=None if version is None else parse_version(version),
        support=Support(url=settings.help_url or "", contact=settings.contact or ""),
    )


class Recorder(Protocol):
    """Counts events of the registry. Every reason and outcome is one of a few fixed words."""

    def registry_listed(self) -> None:
        """All CRs were listed, which replaced what was known."""
        ...

    def registry_restarted(self, reason: str) -> None:
        """The watch starts again: `ended` when the server ended it, else a reason of `ApiError`, or `internal`."""
        ...

    def registry_read(self, outcome: str) -> None:
        """A live read before a denial has ended: `ok`, or why it failed."""
        ...


class NoRecorder:
    """Counts nothing."""

    def registry_listed(self) -> None:
        """Listings."""

    def registry_restarted(self, reason: str) -> None:
        """Watches."""

    def registry_read(self, outcome: str) -> None:
        """Live reads."""


class ClusterRegistryOptions(NamedTuple):
    """Everything that a `ClusterRegistry` is given.

    Attributes:
        choices: Rule actions and version.
        supplementary: Overheads from a file beside the cluster's registry, by plugin name.
        last_good: Where the registry is kept on disk; `None` for nowhere.
        tally: Counts events.
        clock: Time and sleeping.
    """

    choices: RuleActions = RuleActions()
    supplementary: Mapping[str, ComputeResourceOverhead] = {}
    last_good: LastGood | None = None
    tally: Recorder = NoRecorder()
    clock: Clock = CLOCK
