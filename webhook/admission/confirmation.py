"""Denials that hang on what a KubeVirt CR says: which those are, and what becomes of them once the CR was read again, or could not be.

The registry in service may lag behind the cluster. A denial that a newer CR would not bear out is false, and nobody outside can see it.
Reads nothing itself.
"""

from collections.abc import Sequence

import msgspec

from webhook.admission.answer import Answer, Decision, answer_of
from webhook.admission.pod_validation import MISSING_OVERHEAD
from webhook.admission.rule_set import RuleSet
from webhook.kube.text import quoted
from webhook.rules import RULES
from webhook.rules.base import Action, Finding
from webhook.rules.bindings import bridge_not_permitted, passt_gate_disabled
from webhook.rules.networks import dra_gate_disabled, port_ranges_gate_disabled
from webhook.rules.plan import INTERFACES
from webhook.rules.plugins import plugin_gate_disabled, unregistered_plugin
from webhook.vmi.objects import VMIObject

CONFIRMATION = "confirmation"
"""Audit annotation of every review for which the CR was read again: `denied`, `spared` or `failed`."""
DENIED, SPARED, FAILED = "denied", "spared", "failed"

_BY_SETTING = (bridge_not_permitted, dra_gate_disabled, passt_gate_disabled, plugin_gate_disabled, port_ranges_gate_disabled)
TRUSTED_SECONDS = 300.0
"""So long a registry that cannot be read again is believed: a restart of the API server, or of the network, is over by then."""

HANG_ON_REGISTRY = frozenset(
    {MISSING_OVERHEAD, *(module.RULE.name for module in _BY_SETTING), *(rule.name for rule in RULES if rule.needs_registry)}
)
"""What a change of the CR's spec can turn from a denial to nothing: rules, and what is said about launcher pods."""


class UnconfirmedError(Exception):
    """The KubeVirt CR could not be read again in time."""


def hangs_on_registry(answer: Answer) -> bool:
    """Whether an answer denies for what a KubeVirt CR says or does not say."""
    return answer.decision is Decision.DENIED and any(_hangs(finding) for finding in answer.findings)


def confirmed(answer: Answer) -> Answer:
    """The answer by the CR as it was read again."""
    outcome = DENIED if answer.decision is Decision.DENIED else SPARED
    return msgspec.structs.replace(answer, audit={**answer.audit, CONFIRMATION: outcome})


def unconfirmed(answer: Answer, age_seconds: float) -> Answer:
    """The answer when the CR could not be read again, by what is known since so many seconds.

    A denial by a young registry stands, and tells its age: validation goes on while the API server is away. One by an old registry becomes
    a warning: somebody else may have talked to an API server that we cannot reach, and nobody may be shut out for long on our account.
    """
    stands = age_seconds <= TRUSTED_SECONDS
    findings = [_doubted(finding, age_seconds, stands=stands) if _hangs(finding) else finding for finding in answer.findings]
    return msgspec.structs.replace(answer_of(findings), audit={**answer.audit, CONFIRMATION: FAILED})


def unchecked(obj: VMIObject, rule_set: RuleSet) -> Sequence[Finding]:
    """A warning about the first interface that names a plugin, where nobody knows what is registered."""
    for index, interface in enumerate(obj.interfaces):
        if interface.binding is not None and interface.binding.name:
            message = f"plugin {quoted(interface.binding.name)} was not checked, because the registered plugins are not known"
            path = (*obj.kind.spec, *INTERFACES, index, "binding", "name")
            return (Finding(unregistered_plugin.RULE.name, Action.WARN, path, message, "", rule_set.unchecked),)
    return ()


def _hangs(finding: Finding) -> bool:
    return finding.severity is Action.DENY and finding.rule in HANG_ON_REGISTRY


def _doubted(finding: Finding, age_seconds: float, *, stands: bool) -> Finding:
    doubt = f"checked against the KubeVirt CR of {age_seconds:.0f} s ago, which could not be read again"
    if stands:
        return msgspec.structs.replace(finding, message=f"{finding.message} ({doubt})")
    return msgspec.structs.replace(finding, severity=Action.WARN, message=f"{finding.message} (not refused: {doubt})")
