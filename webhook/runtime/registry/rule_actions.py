"""What the settings say about checking by a registry, wherever that comes from."""

from collections.abc import Mapping

import msgspec

from webhook.kube.version import Version, parse_version
from webhook.loading.rule_actions import actions_by_rule
from webhook.plugins.registry import Registry
from webhook.rules import RULES
from webhook.rules.base import Action
from webhook.rules.plan import Plan, plan
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
        """The registry at the chosen version, and the rules as they check by it in a cluster, where KubeVirt's own webhook answers too."""
        if self.version is not None:
            registry = msgspec.structs.replace(registry, version=self.version)
        return registry, plan(RULES, registry, self.actions, upstream_answers=True)


def choices_of(settings: ServeSettings) -> RuleActions:
    """What a server's settings choose."""
    version = settings.kubevirt_version
    return RuleActions(actions=actions_by_rule(settings.rules), version=None if version is None else parse_version(version))
