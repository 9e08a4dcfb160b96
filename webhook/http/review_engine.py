"""The admission endpoints by path, and the reviewer of each, for whoever asks them: a server, or a command with none."""

from collections.abc import Callable, Container, Mapping

import msgspec

from webhook.admission.pods import OverheadMode
from webhook.admission.review import MUTATE, VALIDATE
from webhook.admission.rule_set import RuleSet
from webhook.admission.vmi_source import VMISource
from webhook.http.callers import ReadLimiter, ReadRates
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
        rates: How often VMIs are read for callers that are not proved to be the API server.
    """

    rule_set: Callable[[], RuleSet]
    vmis: VMISource
    mode: OverheadMode
    exempt_namespaces: Container[str] = frozenset()
    confirm: Confirm | None = None
    pods: Action = Action.OFF
    rates: ReadRates = ReadRates()

    def reviewers(self) -> Mapping[str, Reviewer]:
        """What answers at each endpoint."""
        limiter = ReadLimiter(self.rates)
        pods = None if self.pods is Action.OFF else self._of_pods(limiter)
        return {
            VALIDATE: Validating(self.rule_set, self.exempt_namespaces, self.confirm, pods),
            MUTATE: Mutating(self.rule_set, self.vmis, self.mode, limiter=limiter),
        }

    def _of_pods(self, limiter: ReadLimiter) -> Reviewer:
        return ValidatingPods(
            rule_set=self.rule_set,
            vmis=self.vmis,
            mode=self.mode,
            action=self.pods,
            exempt_namespaces=self.exempt_namespaces,
            confirm=self.confirm,
            limiter=limiter,
        )
