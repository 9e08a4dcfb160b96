"""How a cluster's registry is followed: what is chosen, where it is kept, who counts. Values alone; `cluster` does the following."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from webhook.cluster.clock import CLOCK, Clock
from webhook.plugins.plugin import ComputeResourceOverhead
from webhook.runtime.registry.last_good import LastGood
from webhook.runtime.registry.rule_actions import RuleActions


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
