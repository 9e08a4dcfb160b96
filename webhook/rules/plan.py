"""Which rules run, and running them: the rules that hold for one registry, chosen once, asked many times.

Does not know which rules exist (`webhook.rules` does), nor where objects come from.
"""

import dataclasses
from collections.abc import Iterable, Mapping

from webhook.kube.fieldpath import Path
from webhook.plugins.registry import Registry
from webhook.rules.base import (
    Action,
    Finding,
    InterfaceRule,
    Mistake,
    Registration,
    RegistrationRule,
    Rule,
    ShapeError,
    ShapeRule,
    SpecRule,
)
from webhook.vmi.vmi import VMI

INTERFACES: Path = ("domain", "devices", "interfaces")


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """The rules that run against one registry, each with its action.

    Attributes:
        registry: What the rules judge by.
        actions: Action of every rule that runs, by rule name.
        by_field: Interface rules by the field that they need; under `None` those that are always asked.
        about_specs: Rules about the spec as a whole.
        about_registrations: Rules about registrations.
        about_shapes: Rules about what cannot be decoded.
    """

    registry: Registry
    actions: Mapping[str, Action]
    by_field: tuple[tuple[str | None, tuple[InterfaceRule, ...]], ...]
    about_specs: tuple[SpecRule, ...]
    about_registrations: tuple[RegistrationRule, ...]
    about_shapes: tuple[ShapeRule, ...]

    def judge_vmi(self, vmi: VMI, prefix: Path) -> list[Finding]:
        """All findings about one VMI spec that stands at `prefix` in its object, rule by rule in the table's order per place."""
        registry = self.registry
        findings: list[Finding] = []
        for spec_rule in self.about_specs:
            mistakes = spec_rule.check(vmi, registry)
            if mistakes:
                findings += [self._finding(spec_rule, mistake, prefix) for mistake in mistakes]
        for index, interface in enumerate(vmi.interfaces):
            for field, rules in self.by_field:
                if field is not None and getattr(interface, field) is None:
                    continue
                for rule in rules:
                    mistakes = rule.check(interface, vmi, registry)
                    if mistakes:
                        at = (*prefix, *INTERFACES, index)
                        findings += [self._finding(rule, mistake, at) for mistake in mistakes]
        return findings

    def judge_registration(self, registration: Registration, prefix: Path) -> list[Finding]:
        """All findings about one plugin object that stands at `prefix`."""
        return [
            self._finding(rule, mistake, prefix) for rule in self.about_registrations for mistake in rule.check(registration, self.registry)
        ]

    def judge_shapes(self, errors: Iterable[ShapeError]) -> list[Finding]:
        """All findings about what could not be decoded."""
        return [self._finding(rule, mistake, ()) for error in errors for rule in self.about_shapes for mistake in rule.check(error)]

    def _finding(self, rule: Rule, mistake: Mistake, prefix: Path) -> Finding:
        severity = Action.WARN if mistake.at_most is Action.WARN else self.actions[rule.name]
        return Finding(rule.name, severity, (*prefix, *mistake.path), mistake.message, mistake.accepted)


def plan(rules: Iterable[Rule], registry: Registry, actions: Mapping[str, Action], *, upstream_answers: bool) -> Plan:
    """Choose the rules that hold.

    `actions` overrides the rules' own. With `upstream_answers` (in a cluster) what the running KubeVirt's own webhook refuses is left to
    it; offline, where virt-api is not there to answer, all rules run. An unknown version counts as the newest for `since` and `until`,
    and as no version at all for what upstream does: better said twice than not at all.
    """
    chosen = [rule for rule in rules if _holds(rule, registry, actions.get(rule.name, rule.action), upstream_answers=upstream_answers)]
    by_field: dict[str | None, list[InterfaceRule]] = {}
    for rule in chosen:
        if isinstance(rule, InterfaceRule):
            by_field.setdefault(rule.field, []).append(rule)
    return Plan(
        registry=registry,
        actions={rule.name: actions.get(rule.name, rule.action) for rule in chosen},
        by_field=tuple((field, tuple(grouped)) for field, grouped in by_field.items()),
        about_specs=tuple(rule for rule in chosen if isinstance(rule, SpecRule)),
        about_registrations=tuple(rule for rule in chosen if isinstance(rule, RegistrationRule)),
        about_shapes=tuple(rule for rule in chosen if isinstance(rule, ShapeRule)),
    )


def _holds(rule: Rule, registry: Registry, action: Action, *, upstream_answers: bool) -> bool:
    version = registry.version
    if action is Action.OFF or (rule.needs_registry and not registry.known):
        return False
    if version is None:
        return rule.until is None
    if (rule.since is not None and version < rule.since) or (rule.until is not None and version >= rule.until):
        return False
    return not (upstream_answers and rule.upstream_since is not None and version >= rule.upstream_since)
