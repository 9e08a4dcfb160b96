"""Objects that are larger than any VM: what is wrong with them is told within bounds, and nothing passes that was not looked at."""

from typing import Any

import msgspec
import pytest

from tests.admission.reviews import BAD, GOOD, answer_to, review, rule_set, vm_object, vmi_object
from tests.builders import interface, registry
from webhook.admission.answer import Answer, Decision
from webhook.admission.evaluation import evaluate_object
from webhook.admission.ratchet import denies
from webhook.plugins.suggestions import MAX_GUESSES
from webhook.rules import RULE_NAMED
from webhook.rules.base import Action, Group, InterfaceRule, Violation
from webhook.rules.plan import MAX_FINDINGS, TOO_MANY_FINDINGS, plan

UNCOUNTED = {"too-many-interfaces": Action.OFF}
"""These tests are about Bindguard's own bound, which is above KubeVirt's 256 interfaces."""
IN_CLUSTER = rule_set(registry({"blue": {"domainAttachmentType": "tap"}}), actions=UNCOUNTED, upstream_answers=True)


def wrong(number: int, binding: str = "blu", *, first: int = 0) -> list[dict[str, Any]]:
    """So many interfaces on a plugin that nobody registered."""
    return [interface(f"n{first + each}", binding={"name": binding}) for each in range(number)]


def answered(new: dict[str, Any], old: dict[str, Any] | None = None) -> Answer:
    return answer_to(review(new, old), IN_CLUSTER)


@pytest.mark.parametrize("of", [vm_object, vmi_object])
def test_up_to_the_bound_everything_wrong_is_told(of: Any) -> None:
    answer = answered(of(*wrong(MAX_FINDINGS)))
    assert {finding.rule for finding in answer.findings} == {"unregistered-plugin"}
    assert len(answer.findings) == MAX_FINDINGS


@pytest.mark.parametrize("interfaces", [wrong(MAX_FINDINGS + 1), [*wrong(3 * MAX_FINDINGS), GOOD]])
def test_beyond_the_bound_it_is_denied_and_said_that_more_is_wrong(interfaces: list[dict[str, Any]]) -> None:
    answer = answered(vm_object(*interfaces))
    assert answer.decision is Decision.DENIED
    assert len(answer.findings) == MAX_FINDINGS + 1
    last = answer.findings[-1]
    assert (last.rule, last.severity, last.path) == (TOO_MANY_FINDINGS, Action.DENY, ("spec", "template", "spec"))
    assert last.message == f"more than {MAX_FINDINGS} things are wrong, and the rest was not checked"


def test_warnings_beyond_the_bound_deny_too_as_nobody_knows_what_comes_after_them() -> None:
    by = rule_set(IN_CLUSTER.registry, actions={**UNCOUNTED, "unregistered-plugin": Action.WARN}, upstream_answers=True)
    answer = answer_to(review(vmi_object(*wrong(MAX_FINDINGS + 1))), by)
    assert [finding.rule for finding in answer.findings if finding.severity is Action.DENY] == [TOO_MANY_FINDINGS]


def test_where_every_rule_warns_nothing_is_denied_however_much_is_wrong() -> None:
    by = rule_set(IN_CLUSTER.registry, actions=dict.fromkeys(RULE_NAMED, Action.WARN), upstream_answers=True)
    answer = answer_to(review(vmi_object(*wrong(MAX_FINDINGS + 1))), by)
    assert answer.decision is Decision.ALLOWED
    assert answer.findings[-1].rule == TOO_MANY_FINDINGS


def test_what_was_beyond_the_bound_before_can_still_be_written_by_controllers() -> None:
    interfaces = wrong(2 * MAX_FINDINGS)
    answer = answered(vm_object(*interfaces, metadata={"finalizers": []}), vm_object(*interfaces))
    assert (answer.decision, denies(answer.findings)) == (Decision.ALLOWED, False)


def test_an_update_beyond_the_bound_is_denied_where_the_old_object_was_not_there_yet() -> None:
    answer = answered(vm_object(*wrong(2 * MAX_FINDINGS)), vm_object(BAD))
    assert answer.decision is Decision.DENIED


def test_a_large_object_in_another_order_is_not_taken_for_a_new_one_interface_by_interface() -> None:
    interfaces = wrong(MAX_FINDINGS)
    answer = answered(vm_object(*interfaces, running=True), vm_object(*reversed(interfaces)))
    assert answer.decision is Decision.ALLOWED


def test_a_thousand_new_violations_in_one_interface_are_each_told_as_new() -> None:
    options = [{"option": 230, "value": "x"}] * 1000
    before, after = interface(masquerade={}), interface(masquerade={}, dhcpOptions={"privateOptions": options})
    answer = answer_to(review(vmi_object(after), vmi_object(before)), rule_set())
    assert [finding.rule for finding in answer.findings if finding.severity is Action.DENY] == ["duplicate-dhcp-option"] * 999


def test_what_lists_hold_beyond_the_bound_is_not_even_looked_at() -> None:
    walked = iter(range(10 * MAX_FINDINGS))
    rule = InterfaceRule(
        name="endless", group=Group.NETWORKS, check=lambda *_: (Violation(("ports", index), "wrong", "right") for index in walked)
    )
    rules = plan([rule], IN_CLUSTER.registry, {}, upstream_answers=True)
    by = msgspec.structs.replace(IN_CLUSTER, plan=rules)
    assert len(answer_to(review(vmi_object(GOOD)), by).findings) == MAX_FINDINGS + 1
    assert next(walked) == MAX_FINDINGS + 1


def test_about_registrations_no_more_is_looked_for_either() -> None:
    bad = {f"p{number}": {"domainAttachmentType": "none"} for number in range(2 * MAX_FINDINGS)}
    obj = {"apiVersion": "kubevirt.io/v1", "kind": "KubeVirt", "spec": {"configuration": {"network": {"binding": bad}}}}
    findings = evaluate_object(obj, IN_CLUSTER.plan) or []
    assert (len(findings), findings[-1].rule) == (MAX_FINDINGS + 1, TOO_MANY_FINDINGS)
    assert len(evaluate_object(obj, rule_set().plan) or []) >= 2 * MAX_FINDINGS


def test_a_handful_of_names_is_guessed_and_every_violation_says_what_is_registered() -> None:
    nics = [interface(f"n{number}", binding={"name": f"blue{number}"}) for number in range(100)]
    messages = [(finding.message, finding.accepted) for finding in answered(vmi_object(*nics)).findings]
    assert [message for message, _ in messages if "did you mean" in message] == [message for message, _ in messages[:MAX_GUESSES]]
    assert all('use a registered plugin: "blue"' in accepted for _, accepted in messages)


def test_a_violation_is_the_same_one_with_and_without_its_guess() -> None:
    networks = [{"name": f"net{number}", "multus": {"networkName": "n"}} for number in range(2 * MAX_GUESSES)]
    nics = [interface(f"net{number}", bridge={}) for number in range(2 * MAX_GUESSES)]
    names = [f"nett{number}" for number in range(2 * MAX_GUESSES)]
    old = vm_object(*nics, *(interface(name, bridge={}) for name in names), networks=networks)
    changed = [interface(name, bridge={}, macAddress="02:00:00:00:00:01") for name in reversed(names)]
    new = vm_object(*nics, *changed, networks=networks)
    answer = answer_to(review(new, old), rule_set())
    assert (
        sum("did you mean" in finding.message for finding in answer.findings if finding.rule == "interface-without-network") == MAX_GUESSES
    )
    assert answer.decision is Decision.ALLOWED
