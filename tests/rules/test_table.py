"""The table of rules, its modules, docstrings, examples and tests hold together."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

import webhook.rules
from tests.asserts import findings_of
from tests.builders import registration, registry
from webhook.explain.ruledoc import HEADINGS, rule_doc
from webhook.plugins.gates import GATES
from webhook.plugins.plugin import Plugin
from webhook.plugins.registry import Registry
from webhook.rules import RULES
from webhook.rules.base import Action, CauseType, Group, Registration, RegistrationRule, Rule, ShapeRule
from webhook.rules.plan import plan
from webhook.vmi.spec import VMISpec
from webhook.vmi.vmi import VMI

from .examples import alternatives, examples, raw_spec

PACKAGE = Path(webhook.rules.__file__).parent
TESTS = Path(__file__).parent

PASST = {"sidecarImage": "quay.io/kubevirt/network-passt-binding:v1.9.0"}
GENEROUS = registry({"passt": PASST}, gates=("NetworkDevicesWithDRA", "PortRangesSpec"))
REGISTRIES: Mapping[str, Registry] = {
    "bridge-not-permitted": registry(permit_bridge_on_pod_network=False),
    "default-binding-not-permitted": registry(permit_bridge_on_pod_network=False),
    "dra-gate-disabled": registry(),
    "legacy-binding-not-permitted": registry(version="1.2"),
    "passt-gate-disabled": registry(version="1.8"),
    "plugin-attaches-nothing": registry(
        {
            "half": {"networkAttachmentDefinition": "default/half"},
            "whole": {"networkAttachmentDefinition": "default/whole", "domainAttachmentType": "tap"},
        }
    ),
    "plugin-gate-disabled": registry({"passt": PASST}, version="1.4"),
    "plugin-hard-coded-name": registry({"passt": PASST, "my-passt": PASST}, version="1.8"),
    "plugin-without-tap-device": registry({"macvtap": {"domainAttachmentType": "tap"}}),
    "port-ranges-gate-disabled": registry(),
}
"""What an example's mistake needs to show, where `GENEROUS` does not do."""

ABOUT_UPDATES = {"plugin-nic-not-hotpluggable"}
"""Rules whose examples are interfaces that an update adds to a VM that had none."""

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
every_rule_with_examples = pytest.mark.parametrize(
    "rule", [rule for rule in RULES if not isinstance(rule, ShapeRule)], ids=lambda rule: rule.name
)


def test_each_rule_has_a_name_of_its_own() -> None:
    names = [rule.name for rule in RULES]
    assert sorted(set(names)) == sorted(names)


def test_each_module_of_a_rule_has_a_row_in_the_table() -> None:
    modules = {f"{group}.{path.stem}" for group in Group for path in (PACKAGE / group).glob("[!_]*.py")}
    rows = {rule.check.__module__.removeprefix("webhook.rules.") for rule in RULES}
    assert modules == rows


@every_rule
def test_a_rule_s_module_is_named_like_the_rule_and_stands_in_its_group(rule: Rule) -> None:
    assert rule.check.__module__ == f"webhook.rules.{rule.group}.{rule.name.replace('-', '_')}"


@every_rule
def test_a_rule_has_a_test_module_of_its_own(rule: Rule) -> None:
    assert (TESTS / rule.group / f"test_{rule.name.replace('-', '_')}.py").is_file()


@every_rule
def test_a_rule_s_docstring_has_a_title_and_every_heading_in_order(rule: Rule) -> None:
    doc = rule_doc(rule)
    assert re.fullmatch(r"[A-Z].*\.", doc.title)
    assert tuple(section.heading for section in doc.sections) == HEADINGS
    assert [section.heading for section in doc.sections if not section.body] == []


@every_rule_with_examples
def test_what_a_rule_s_docstring_calls_refused_is_found(rule: Rule) -> None:
    passed = [example for example in examples(rule, "Refused") if not findings_of(rule, subject(rule, example), registry_for(rule))]
    assert passed == []


@every_rule_with_examples
def test_what_a_rule_s_docstring_calls_accepted_is_not_found(rule: Rule) -> None:
    found = [example for example in examples(rule, "Accepted") if findings_of(rule, subject(rule, example), registry_for(rule))]
    assert found == []


CAUSE_OF_PREFIX = {
    "duplicate-": CauseType.DUPLICATE,
    "empty-": CauseType.REQUIRED,
    "incomplete-": CauseType.REQUIRED,
    "missing-": CauseType.REQUIRED,
}


@every_rule
def test_a_rule_whose_name_says_that_a_value_is_missing_or_a_duplicate_has_this_cause(rule: Rule) -> None:
    for prefix, cause in CAUSE_OF_PREFIX.items():
        if rule.name.startswith(prefix):
            assert rule.cause is cause


ATTACHED = msgspec.convert({"networkAttachmentDefinition": "a/b", "domainAttachmentType": "tap", "migration": {}}, Plugin)
CHANGES_OF_THE_CR: Mapping[str, Mapping[str, Any]] = {
    "no plugin": {"plugins": {}},
    "other plugins": {"plugins": dict.fromkeys(("half", "macvtap", "my-passt", "passt", "pastt"), ATTACHED)},
    "all gates": {"enabled_gates": frozenset(GATES), "disabled_gates": frozenset()},
    "no gate": {"enabled_gates": frozenset(), "disabled_gates": frozenset(GATES)},
    "all permitted": {"permit_bridge_on_pod_network": True, "permit_slirp": True, "default_network_interface": "masquerade"},
    "nothing permitted": {"permit_bridge_on_pod_network": False, "permit_slirp": False, "default_network_interface": "slirp"},
    "to be migrated": {"eviction_strategy": "LiveMigrate"},
}
"""Changes of what a registry is read from, one of which can end a denial."""


@pytest.mark.parametrize("change", CHANGES_OF_THE_CR.values(), ids=CHANGES_OF_THE_CR)
@pytest.mark.parametrize(
    "rule",
    [rule for rule in RULES if not isinstance(rule, RegistrationRule | ShapeRule) and not (rule.needs_registry or rule.depends_on_cr)],
    ids=lambda rule: rule.name,
)
def test_a_rule_whose_denials_a_change_of_the_cr_can_end_says_that_it_depends_on_it(rule: Rule, change: Mapping[str, Any]) -> None:
    changed = msgspec.structs.replace(registry_for(rule), **change)
    for example in examples(rule, "Refused"):
        before, after = (denying(rule, vmi(raw_spec(example), rule), each) for each in (registry_for(rule), changed))
        assert rule.name not in before - after or after - before  # another rule denies instead


def denying(rule: Rule, subject: VMI, registry: Registry) -> set[str]:
    """The rules that deny, if this one is set to."""
    chosen = plan(RULES, registry, {rule.name: Action.DENY}, upstream_answers=False)
    return {finding.rule for finding in chosen.evaluate_vmi(subject, ()) if finding.severity is Action.DENY}


def test_repeated_keys_in_an_example_are_alternatives() -> None:
    text = 'bridge: {}\nstate: up\n\nbridge: {}\nnetworks:\n- name: n\nbridge: {}\n{a: 1}\n{a:\n  2}\n"": 3'
    assert list(alternatives(text)) == [
        {"bridge": {}, "state": "up"},
        {"bridge": {}, "networks": [{"name": "n"}]},
        {"bridge": {}},
        {"a": 1},
        {"a": 2},
        {"": 3},
    ]


def registry_for(rule: Rule) -> Registry:
    return REGISTRIES.get(rule.name, GENEROUS)


def subject(rule: Rule, example: Mapping[str, Any]) -> VMI | Registration:
    """What an example is about: a registration, a VMI spec (it has `interfaces` or `networks`), or one interface on the pod network."""
    if isinstance(rule, RegistrationRule):
        return plugin(example)
    return vmi(raw_spec(example), rule)


def vmi(raw: Mapping[str, Any], rule: Rule) -> VMI:
    return VMI(msgspec.convert(raw, VMISpec), old={} if rule.name in ABOUT_UPDATES else None)


def plugin(example: Mapping[str, Any]) -> Registration:
    """One plugin: under its name in `binding` where the name matters, otherwise without, and then registered as `passt`."""
    if "binding" not in example:
        return registration(**example)
    ((name, fields),) = example["binding"].items()
    return registration(name, **fields)
