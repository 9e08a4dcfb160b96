"""Denials that depend on the KubeVirt CR: which those are, and the answer after the CR was read again, or could not be read.

The registry in memory may be older than the cluster's, and a denial that the newer CR does not justify is wrong.
"""

from collections.abc import Sequence

import msgspec

from webhook.admission.answer import Answer, Decision, answer_of
from webhook.admission.pod_validation import MISSING_OVERHEAD
from webhook.admission.rule_set import RuleSet
from webhook.kube.text import quoted
from webhook.rules import RULES
from webhook.rules.base import Action, Finding
from webhook.rules.plan import INTERFACES
from webhook.rules.plugins import unregistered_plugin
from webhook.vmi.objects import VMIObject

CONFIRMATION = "confirmation"
"""Audit annotation of every review for which the CR was read again: `denied`, `spared` or `failed`."""
DENIED, SPARED, FAILED = "denied", "spared", "failed"

TRUSTED_SECONDS = 300.0
"""A registry that cannot be read again is trusted for so long: a restart of the API server or of the network takes less."""

DEPENDS_ON_REGISTRY = frozenset({MISSING_OVERHEAD, *(rule.name for rule in RULES if rule.needs_registry or rule.depends_on_cr)})
"""Rules, and findings about launcher pods, whose denials can end with a change of the CR's spec."""


class UnconfirmedError(Exception):
    """The KubeVirt CR could not be read again in time."""


def depends_on_registry(answer: Answer) -> bool:
    """Whether an answer denies because of the KubeVirt CR."""
    return answer.decision is Decision.DENIED and any(_depends(finding) for finding in answer.findings)


def confirmed(answer: Answer) -> Answer:
    """The answer, made with the CR that was read again, with the audit annotation."""
    outcome = DENIED if answer.decision is Decision.DENIED else SPARED
    return msgspec.structs.replace(answer, audit={**answer.audit, CONFIRMATION: outcome})


def unconfirmed(answer: Answer, age_seconds: float) -> Answer:
    """The answer when the CR could not be read again, and the registry is this old.

    With a recent registry the denial stands, with the age in its message: validation continues during an outage of the API server. With an
    older one the denial becomes a warning, so that an outage does not block anybody for long.
    """
    stands = age_seconds <= TRUSTED_SECONDS
    findings = [_doubted(finding, age_seconds, stands=stands) if _depends(finding) else finding for finding in answer.findings]
    return msgspec.structs.replace(answer_of(findings), audit={**answer.audit, CONFIRMATION: FAILED})


def unchecked(obj: VMIObject, rule_set: RuleSet) -> Sequence[Finding]:
    """A warning about the first interface that names a plugin, for a rule set whose registered plugins are not known."""
    for index, interface in enumerate(obj.interfaces):
        if interface.binding is not None and interface.binding.name:
            message = f"plugin {quoted(interface.binding.name)} was not checked, because the registered plugins are not known"
            path = (*obj.kind.spec, *INTERFACES, index, "binding", "name")
            return (Finding(unregistered_plugin.RULE.name, Action.WARN, path, message, "", rule_set.unchecked),)
    return ()


def _depends(finding: Finding) -> bool:
    return finding.severity is Action.DENY and finding.rule in DEPENDS_ON_REGISTRY


def _doubted(finding: Finding, age_seconds: float, *, stands: bool) -> Finding:
    doubt = f"checked against the KubeVirt CR of {age_seconds:.0f} s ago, which could not be read again"
    if stands:
        return msgspec.structs.replace(finding, message=f"{finding.message} ({doubt})")
    return msgspec.structs.replace(finding, severity=Action.WARN, message=f"{finding.message} (not refused: {doubt})")
