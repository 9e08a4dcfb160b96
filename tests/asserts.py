"""The verbs of the tests: what a rule says about something, asserted in one line."""

from webhook.kube.fieldpath import render
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Finding, Registration, Rule
from webhook.rules.plan import plan
from webhook.vmi.vmi import VMI

from .builders import registry as any_registry


def findings_of(rule: Rule, subject: VMI | Registration, registry: Registry | None = None) -> list[Finding]:
    """What one rule finds, offline."""
    one = plan([rule], registry if registry is not None else any_registry(), {}, upstream_answers=False)
    if isinstance(subject, Registration):
        return one.evaluate_registration(subject, ())
    return one.evaluate_vmi(subject, ())


def assert_accepted(rule: Rule, subject: VMI | Registration, registry: Registry | None = None) -> None:
    """The rule says nothing."""
    assert findings_of(rule, subject, registry) == []


def assert_found(
    rule: Rule,
    subject: VMI | Registration,
    registry: Registry | None = None,
    *,
    field: str | list[str],
    message: str = "",
    accepted: str = "",
    for_admin: str = "",
    severity: Action | None = None,
) -> None:
    """The rule finds exactly this: one finding per field, which hold `message`, `accepted` and `for_admin`."""
    found = findings_of(rule, subject, registry)
    fields = [field] if isinstance(field, str) else field
    assert [render(finding.path) for finding in found] == fields
    for finding in found:
        assert finding.rule == rule.name
        assert message in finding.message
        assert accepted in finding.accepted
        assert for_admin in finding.for_admin
        assert finding.severity is (severity or rule.action)
