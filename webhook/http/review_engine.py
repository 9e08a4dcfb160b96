"""The admission endpoints by path, and the reviewer of each, for whoever asks them: a server, or a command with none."""

from collections.abc import Callable, Container, Mapping

import msgspec

from webhook.admission.pods import OverheadMode
from webhook.admission.review import MUTATE, VALIDATE
from webhook.admission.rule_set import RuleSet
from webhook.admission.vmi_source import VMISource
from webhook.http.pods import Mutating, ValidatingPods
from webhook.http.reviewers import Confirm, Reviewer, Validating
from webhook.rules.base import Action


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides an answer, besides the review.

    Attributes:
        rule_set: What objects are checked against now.
        vmis: Where the VMI of a launcher pod is read.
        mode: What mutation adds.
        exempt_namespaces: Where nothing is checked.
        confirm: Reads the registry again; `None` where the registry in service cannot lag.
        pods: What `/validate` does with launcher pods that lack owed overhead.
    """

    rule_set: Callable[[], RuleSet]
    vmis: VMISource
    mode: OverheadMode
    exempt_namespaces: Container[str] = frozenset()
    confirm: Confirm | None = None
    pods: Action = Action.OFF

    def reviewers(self) -> Mapping[str, Reviewer]:
        """What answers at each endpoint."""
        return {
            VALIDATE: Validating(self.rule_set, self.exempt_namespaces, self.confirm, self._of_pods()),
            MUTATE: Mutating(self.rule_set, self.vmis, self.mode),
        }

    def _of_pods(self) -> Reviewer | None:
        if self.pods is Action.OFF:
            return None
        return ValidatingPods(
            rule_set=self.rule_set,
            vmis=self.vmis,
            mode=self.mode,
            action=self.pods,
            exempt_namespaces=self.exempt_namespaces,
            confirm=self.confirm,
        )
