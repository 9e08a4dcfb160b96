"""Which rules run, and running them: the rules that hold for one registry, chosen once, asked many times.

Does not know which rules exist (`webhook.rules` does), nor where objects come from.
"""

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
"""More about one object are not looked for in a cluster, where an answer must come in time; no VM of the world has as many NICs."""
TOO_MANY_FINDINGS = "too-many-findings"
"""The name of what is then found last, where findings have that of a rule."""

_ALL = sys.maxsize - 1

_is_set = functools.partial(operator.is_not, None)


class _Conditional(Generic[R]):
    """Rules of one sort, grouped by the attribute without which they need not be asked."""

    def __init__(self, rules: Iterable[tuple[R, str | None]], is_there: Callable[[object], bool]) -> None:
        """`is_there` tells of the value of an attribute whether its rules have something to say."""
        groups: dict[str | None, tuple[R, ...]] = {}
        for rule, attribute in rules:
            groups[attribute] = (*groups.get(attribute, ()), rule)
        self._always = groups.pop(None, ())
        self._groups = tuple(groups.values())
        self._is_there = is_there
        # One call gets all values; the two classes at the end make it a tuple however many attributes there are.
        self._values = operator.attrgetter(*(attribute for attribute in groups if attribute is not None), "__class__", "__class__")

    def for_(self, subject: object) -> Sequence[R]:
        """The rules to ask about a subject. Asked for every interface, so the loop over what is not there is one of C: a third less."""
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
        most_findings: About one object no more are looked for; what has more is denied, as nobody knows what else is wrong with it.
    """

    registry: Registry
    actions: Mapping[str, Action]
    about_interfaces: _Conditional[InterfaceRule]
    about_specs: _Conditional[SpecRule]
    about_registrations: tuple[RegistrationRule, ...]
    about_shapes: tuple[ShapeRule, ...]
    most_findings: int = _ALL

    def evaluate_vmi(self, vmi: VMI, prefix: Path) -> list[Finding]:
        """All findings about one VMI spec that stands at `prefix` in its object, rule by rule in the table's order per place."""
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
        """All findings about one plugin object that stands at `prefix`."""
        return [
            self._finding(rule, violation, prefix)
            for rule in self.about_registrations
            for violation in rule.check(registration, self.registry)
        ]

    def evaluate_shapes(self, errors: Iterable[ShapeError]) -> list[Finding]:
        """All findings about what could not be decoded."""
        return [self._finding(rule, violation, ()) for error in errors for rule in self.about_shapes for violation in rule.check(error)]

    def _findings(self, rule: Rule, violations: Mistakes, prefix: Path) -> list[Finding]:
        """No more than decide that there are too many."""
        return [self._finding(rule, violation, prefix) for violation in itertools.islice(violations, self.most_findings + 1)]

    def cut(self, findings: list[Finding], prefix: Path) -> list[Finding]:
        """As many findings as are looked for, and one more, which says so; it denies where any rule does."""
        most = self.most_findings
        message, remedy = f"more than {most} things are wrong, and the rest was not checked", "fix the ones that are listed first"
        severity = Action.DENY if Action.DENY in self.actions.values() else Action.WARN
        return [*findings[:most], Finding(TOO_MANY_FINDINGS, severity, prefix, message, remedy)]

    def _finding(self, rule: Rule, violation: Violation, prefix: Path) -> Finding:
        severity = Action.WARN if violation.at_most is Action.WARN else self.actions[rule.name]
        return Finding(rule.name, severity, (*prefix, *violation.path), violation.message, violation.accepted, violation.for_admin)


def plan(rules: Iterable[Rule], registry: Registry, actions: Mapping[str, Action], *, upstream_answers: bool) -> Plan:
    """Choose the rules that hold.

    `actions` overrides the rules' own. With `upstream_answers` (in a cluster) what the running KubeVirt's own webhook refuses is left to
    it; offline, where virt-api is not there to answer, all rules run. An unknown version counts as the newest for `since` and `until`,
    and as no version at all for what upstream does: better said twice than not at all.
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
