"""A registry and the rules chosen for it, as one immutable value that is replaced as a whole."""

from collections.abc import Mapping

import msgspec

from webhook.plugins.plugin import ComputeResourceOverhead
from webhook.plugins.registry import Registry
from webhook.rules.plan import Plan

RULE_PLACEHOLDER = "{rule}"


class Support(msgspec.Struct, frozen=True):
    """Where the owner of an object gets help.

    Attributes:
        url: Address of a page about a rule, with `RULE_PLACEHOLDER` for its name; empty for none.
        contact: Whom to ask, in a few words; empty for nobody in particular.
    """

    url: str = ""
    contact: str = ""


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """A registry and the rules chosen for it.

    Attributes:
        registry: What is registered.
        plan: The rules that hold for it.
        supplementary: Overheads that KubeVirt cannot carry or does not count, by plugin name, from our own registry file.
        version: Which state of the source this is: a resourceVersion, or a digest of the file.
        read_at: When it was last known to be the source's state, in seconds of `time.monotonic()`; its age is told with every answer.
        unchecked: Why plugins are not looked up, for whoever names one; empty when they are, or when nobody wants them to be.
        support: What denials and warnings say about help.
        launcher_creators: Users that may create launcher pods; `None` when nobody knows: then anyone may.
    """

    registry: Registry
    plan: Plan
    supplementary: Mapping[str, ComputeResourceOverhead] = msgspec.field(default_factory=dict)
    version: str
    read_at: float
    unchecked: str = ""
    support: Support = Support()
    launcher_creators: frozenset[str] | None = None

    def evaluates_like(self, other: "RuleSet") -> bool:
        """Whether another rule set gives the same findings for every object. The plan stays the same object until its source changes."""
        return self.plan is other.plan and self.supplementary is other.supplementary and self.unchecked == other.unchecked

    def age(self, now: float) -> float:
        """Seconds since this was last known to be the state of the source; `now` is in seconds of `time.monotonic()`."""
        return max(0.0, now - self.read_at)
