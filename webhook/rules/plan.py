"""Chooses the rules that apply to a registry, and runs them on objects."""

import functools
import itertools
import operator
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from webhook.kube.fieldpath import Path
from webhook.kube.version import NEWEST
from webhook.plugins.registry import Registry
from webhook.rules.base import (
    Action,
    Finding,
    InterfaceRule,
    Mistakes,
    Registration,
    RegistrationRule,
    Rule,
    ShapeError,
    ShapeRule,
    SpecRule,
    Violation,
)
from webhook.vmi.vmi import VMI

R = TypeVar("R")

INTERFACES: Path = ("domain", "devices", "interfaces")

MAX_FINDINGS = 500
"""The limit for one object in a cluster, where a response must come in time."""
TOO_MANY_FINDINGS = "too-many-findings"
"""The name in the last finding of an object beyond the limit, in the place of a rule."""

_ALL = sys.maxsize - 1

_is_set = functools.partial(operator.is_not, None)


class _Conditional(Generic[R]):
    """Rules of one kind, grouped by the attribute that they need."""

    def __init__(self, rules: Iterable[tuple[R, str | None]], is_there: Callable[[object], bool]) -> None:
        """`is_there` returns whether a value of an attribute makes its rules run."""
        groups: dict[str | None, tuple[R, ...]] = {}
        for rule, attribute in rules:
            groups[attribute] = (*groups.get(attribute, ()), rule)
        self._always = groups.pop(None, ())
        self._groups = tuple(groups.values())
        self._is_there = is_there
        # One call gets all values; the two classes at the end make it a tuple however many attributes there are.
        self._values = operator.attrgetter(*(attribute for attribute in groups if attribute is not None), "__class__", "__class__")

    def for_(self, subject: object) -> Sequence[R]:
        """The rules to run on a subject. It is called for each interface: the loop in C saves a third of the time."""
        chosen = self._always
        for group in itertools.compress(self._groups, map(self._is_there, self._values(subject))):
            chosen += group
        return chosen


class Plan(msgspec.Struct, frozen=True):
    """The rules that run against one registry, each with its action.

    Attributes:
        registry: What the rules check against.
        actions: Action of every rule that runs, by rule name.
        about_interfaces: Rules about interfaces, by the field that they need.
        about_specs: Rules about the spec as a whole, by the trait that they need.
        about_registrations: Rules about registrations.
        about_shapes: Rules about what cannot be decoded.
        most_findings: Maximum number of findings about one object. An object with more is denied, since the rest was not checked.
    """

    registry: Registry
    actions: Mapping[str, Action]
    about_interfaces: _Conditional[InterfaceRule]
    about_specs: _Conditional[SpecRule]
    about_registrations: tuple[RegistrationRule, ...]
    about_shapes: tuple[ShapeRule, ...]
    most_findings: int = _ALL

    def evaluate_vmi(self, vmi: VMI, prefix: Path) -> list[Finding]:
        """All findings about the VMI spec at `prefix` of an object, in the order of the table of rules."""
        registry = self.registry
        findings: list[Finding] = []
        most = self.most_findings
        for spec_rule in self.about_specs.for_(vmi):
            violations = spec_rule.check(vmi, registry)
            if violations:
                findings += self._findings(spec_rule, violations, prefix)
                if len(findings) > most:
                    return self.cut(findings, prefix)
        for index, interface in enumerate(vmi.interfaces):
            for rule in self.about_interfaces.for_(interface):
                violations = rule.check(interface, vmi, registry)
                if violations:
                    findings += self._findings(rule, violations, (*prefix, *INTERFACES, index))
            if len(findings) > most:
                return self.cut(findings, prefix)
        return findings

    def evaluate_registration(self, registration: Registration, prefix: Path) -> list[Finding]:
        """All findings about the plugin object at `prefix`."""
        return [
            self._finding(rule, violation, prefix)
            for rule in self.about_registrations
            for violation in rule.check(registration, self.registry)
        ]

    def evaluate_shapes(self, errors: Iterable[ShapeError]) -> list[Finding]:
        """All findings about what could not be decoded."""
        return [self._finding(rule, violation, ()) for error in errors for rule in self.about_shapes for violation in rule.check(error)]

    def _findings(self, rule: Rule, violations: Mistakes, prefix: Path) -> list[Finding]:
        """The findings of a rule, up to one more than the limit."""
        return [self._finding(rule, violation, prefix) for violation in itertools.islice(violations, self.most_findings + 1)]

    def cut(self, findings: list[Finding], prefix: Path) -> list[Finding]:
        """The findings up to the limit, and a last one that says so; it denies if any rule does."""
        most = self.most_findings
        message, remedy = f"more than {most} things are wrong, and the rest was not checked", "fix the ones that are listed first"
        severity = Action.DENY if Action.DENY in self.actions.values() else Action.WARN
        return [*findings[:most], Finding(TOO_MANY_FINDINGS, severity, prefix, message, remedy)]

    def _finding(self, rule: Rule, violation: Violation, prefix: Path) -> Finding:
        severity = Action.WARN if violation.at_most is Action.WARN else self.actions[rule.name]
        return Finding(rule.name, severity, (*prefix, *violation.path), violation.message, violation.accepted, violation.for_admin)


def plan(rules: Iterable[Rule], registry: Registry, actions: Mapping[str, Action], *, upstream_answers: bool) -> Plan:
    """Choose the rules that apply.

    An unknown version of KubeVirt counts as the newest one. Then no rule is left to KubeVirt's webhook, since it may not have the rule.

    Args:
        rules: All rules.
        registry: What the rules check against.
        actions: Actions that differ from the default ones, by rule name.
        upstream_answers: Whether KubeVirt's webhook is asked too, as in a cluster. Rules that it has itself are then left to it.
    """
    chosen = [rule for rule in rules if _holds(rule, registry, actions.get(rule.name, rule.action), upstream_answers=upstream_answers)]
    return Plan(
        registry=registry,
        actions={rule.name: actions.get(rule.name, rule.action) for rule in chosen},
        about_interfaces=_Conditional(((rule, rule.field) for rule in chosen if isinstance(rule, InterfaceRule)), _is_set),
        about_specs=_Conditional(((rule, rule.trait) for rule in chosen if isinstance(rule, SpecRule)), bool),
        about_registrations=tuple(rule for rule in chosen if isinstance(rule, RegistrationRule)),
        about_shapes=tuple(rule for rule in chosen if isinstance(rule, ShapeRule)),
        most_findings=MAX_FINDINGS if upstream_answers else _ALL,
    )


def _holds(rule: Rule, registry: Registry, action: Action, *, upstream_answers: bool) -> bool:
    if action is Action.OFF or (rule.needs_registry and not registry.known):
        return False
    version = registry.version or NEWEST
    if (rule.since is not None and version < rule.since) or (rule.until is not None and version >= rule.until):
        return False
    return not (upstream_answers and registry.version is not None and rule.upstream_since is not None and version >= rule.upstream_since)
