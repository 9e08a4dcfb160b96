"""How a registry is followed: which rules are active, at which version, where it is kept. `cluster` does the following."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

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
    """What is checked in another way than the registry and the rules themselves tell.

    Attributes:
        actions: Rule actions that differ from the rules' own.
        version: Overrides the version that the registry tells.
    """

    actions: Mapping[str, Action] = msgspec.field(default_factory=dict)
    version: Version | None = None

    def applied(self, registry: Registry) -> tuple[Registry, Plan]:
        """The registry at the chosen version, and the rules that are active in a cluster, where KubeVirt's own webhook answers too."""
        if self.version is not None:
            registry = msgspec.structs.replace(registry, version=self.version)
        return registry, plan(RULES, registry, self.actions, upstream_answers=True)


def choices_of(settings: ServeSettings) -> RuleActions:
    """What a server's settings choose."""
    version = settings.kubevirt_version
    return RuleActions(actions=actions_by_rule(settings.rules), version=None if version is None else parse_version(version))


class Recorder(Protocol):
    """What counts the registry's doings. Every reason and outcome is one of a few fixed words."""

    def registry_listed(self) -> None:
        """All CRs were listed, and what was known before was replaced."""
        ...

    def registry_restarted(self, reason: str) -> None:
        """The watch begins again: `ended` as asked, else for a reason of `ApiError`, or `internal`."""
        ...

    def registry_read(self, outcome: str) -> None:
        """A live read for those who would be denied: `ok`, or why it failed."""
        ...


class NoRecorder:
    """Counts nothing."""

    def registry_listed(self) -> None:
        """Listings."""

    def registry_restarted(self, reason: str) -> None:
        """Watches."""

    def registry_read(self, outcome: str) -> None:
        """Live reads."""


class Options(NamedTuple):
    """What the settings and the composition say.

    Attributes:
        choices: Rule actions and version.
        supplementary: Overheads from a file beside the cluster's registry, by plugin name.
        last_good: Where the registry is kept; `None`: nowhere.
        tally: What counts.
        clock: Time, and waiting.
    """

    choices: RuleActions = RuleActions()
    supplementary: Mapping[str, ComputeResourceOverhead] = {}
    last_good: LastGood | None = None
    tally: Recorder = NoRecorder()
    clock: Clock = CLOCK
