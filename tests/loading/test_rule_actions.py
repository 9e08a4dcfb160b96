"""Entries about rules: names, groups, globs and `*`, of which the most specific counts."""

import pytest

from webhook.errors import UsageError
from webhook.loading.rule_actions import actions_by_rule, checked_rules, rules_in
from webhook.rules import RULE_NAMED, RULES
from webhook.rules.base import Action, Group


def test_a_star_is_all_rules() -> None:
    assert actions_by_rule({"*": Action.WARN}) == dict.fromkeys(RULE_NAMED, Action.WARN)


@pytest.mark.parametrize("group", Group)
def test_a_group_is_all_rules_in_it(group: Group) -> None:
    assert checked_rules(group, "here") == tuple(rule.name for rule in RULES if rule.group is group)


def test_a_glob_is_all_rules_that_match_as_a_whole() -> None:
    assert checked_rules("duplicate-*-name", "here") == ("duplicate-interface-name", "duplicate-network-name", "duplicate-port-name")
    assert checked_rules("no-bindin?", "here") == ("no-binding",)


@pytest.mark.parametrize("order", [1, -1])
def test_the_most_specific_entry_counts_wherever_it_stands(order: int) -> None:
    entries = [
        ("*", Action.OFF),
        ("invalid-*", Action.WARN),
        ("invalid-port*", Action.OFF),
        ("invalid-port", Action.DENY),
    ]
    actions = actions_by_rule(dict(entries[::order]))
    found = [actions[name] for name in ("no-binding", "invalid-mac-address", "invalid-port-name", "invalid-port")]
    assert found == [Action.OFF, Action.WARN, Action.OFF, Action.DENY]


def test_of_equally_specific_entries_the_last_counts() -> None:
    first, last = {"no-*": Action.WARN}, {"*no-": Action.OFF, "n*o-*": Action.DENY}
    assert actions_by_rule(first | last)["no-binding"] is Action.DENY


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("no-bindin", 'here: there is no rule "no-bindin"; did you mean "no-binding"\\?; a rule, a group \\(shape, '),
        ("network", 'there is no rule "network"; did you mean "networks"\\?'),
        ("networcs-*", 'no rule matches "networcs-\\*"; did you mean "networks"\\?'),
        ("zzz*", 'no rule matches "zzz\\*"; a rule, a group'),
        ("[n]o-binding", "there is no rule"),
        ("", "there is no rule"),
        ("*" * 100_000, "no rule matches"),
        ("?" * 100_000, "no rule matches"),
        ("\u2028", "there is no rule"),
    ],
)
def test_an_entry_that_names_no_rule_is_an_error_with_the_nearest(entry: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as told:
        checked_rules(entry, "here")
    assert str(told.value).isprintable()


def test_entries_are_comma_separated_in_flags() -> None:
    assert rules_in(("no-binding, shape", ""), "--select") == ("no-binding", *checked_rules("shape", ""))
