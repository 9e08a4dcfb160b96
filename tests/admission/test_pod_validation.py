"""A launcher pod after mutation: what it still lacks is told, and nothing else ever stops it."""

import json
from typing import Any

import msgspec
import pytest

from tests.admission.launchers import (
    EVICT_ONLY,
    MARKER,
    OVERHEAD_BYTES,
    PASST,
    Json,
    after,
    answer,
    as_by_an_early_kubevirt,
    compute,
    named,
    patched,
    pod,
    rendered_lines,
    rendered_pod,
    rendered_vmi,
    rule_set,
    vmi,
)
from webhook.admission.answer import Answer, Decision
from webhook.admission.pod_validation import MISSING_OVERHEAD, validate_pod
from webhook.admission.pods import OverheadMode
from webhook.admission.rule_set import RuleSet
from webhook.admission.verdict import MAX_WARNING_BYTES, encode
from webhook.kube.fieldpath import render
from webhook.rules import RULES
from webhook.rules.base import Action

AUTO, EVEN_IF_COUNTED = OverheadMode.AUTO, OverheadMode.EVEN_IF_COUNTED


def validated(obj: Json, of: Any = None, book: RuleSet | None = None, mode: OverheadMode = AUTO, action: Action = Action.DENY) -> Answer:
    """What is answered about a pod whose VMI is `of`: plain data, or the bytes that are read for it; `b""` for none."""
    body = of if isinstance(of, bytes) else json.dumps(of if of is not None else vmi()).encode()
    return validate_pod(named(obj), body or None, book or rule_set(), mode, action)


def told(obj: Json, answered: Answer, book: RuleSet | None = None) -> Any:
    """The response as the API server reads it."""
    return json.loads(encode(named(obj).request, answered, book or rule_set(), now=1.0))["response"]


def assert_passed(answered: Answer, reason: str) -> None:
    assert (answered.decision, answered.findings, answered.reason) == (Decision.ALLOWED, (), reason)


def test_a_pod_that_nobody_mutated_is_denied_with_the_field_the_plugin_the_amount_and_what_to_do() -> None:
    answered = validated(pod())
    assert answered.decision is Decision.DENIED
    status = told(pod(), answered)["status"]
    assert (status["code"], status["reason"], status["details"]["kind"]) == (422, "Invalid", "Pod")
    [cause] = status["details"]["causes"]
    assert (cause["field"], cause["reason"]) == ("spec.containers[0].resources.requests.memory", "FieldValueInvalid")
    assert cause["message"].partition(": ")[2] == (
        'container compute asks for 1Gi of memory, and lacks 500Mi of what plugin "passt" declares; '
        "help: the pod needs 1524Mi; KubeVirt tries again by itself, or ask your cluster admin [Bindguard missing-overhead]"
    )


def test_a_warning_says_the_same_in_one_line_that_the_api_server_does_not_cut() -> None:
    answered = validated(pod(), action=Action.WARN)
    response = told(pod(), answered)
    [warning] = response["warnings"]
    assert (response["allowed"], "status" in response) == (True, False)
    assert len(warning) <= MAX_WARNING_BYTES
    assert warning.endswith("ask your cluster admin [Bindguard missing-overhead]")
    assert "bindguard doctor" in response["auditAnnotations"]["help-for-admins"]


def test_the_audit_tells_plugins_amounts_and_the_finding() -> None:
    answered = validated(pod(), action=Action.WARN)
    assert answered.audit == {"plugins": "passt", "missing": '{"requests.memory":"500Mi"}'}
    assert told(pod(), answered)["auditAnnotations"]["rules"] == MISSING_OVERHEAD


def test_its_name_is_that_of_no_rule_so_that_no_setting_for_rules_is_taken_for_it() -> None:
    assert MISSING_OVERHEAD not in {rule.name for rule in RULES}


@pytest.mark.parametrize("action", [Action.DENY, Action.WARN])
def test_a_mutated_pod_passes(action: Action) -> None:
    assert_passed(validated(patched(pod()), action=action), "already-added")


def test_a_mutated_pod_passes_whatever_other_webhooks_put_beside_it() -> None:
    between = patched(pod())
    between["spec"]["containers"].insert(0, {"name": "istio-proxy"})
    assert_passed(validated(between), "already-added")


@pytest.mark.parametrize("line", rendered_lines())
def test_a_pod_that_a_later_kubevirt_rendered_passes(line: Json) -> None:
    answered = validated(rendered_pod(line), rendered_vmi(line), rule_set(line["plugins"]))
    assert answered.reason in {"counted-by-kubevirt", "nothing-declared", "no-plugins"}
    assert_passed(answered, answered.reason)


@pytest.mark.parametrize("mode", [AUTO, EVEN_IF_COUNTED])
@pytest.mark.parametrize("line", rendered_lines())
def test_a_pod_passes_with_the_patch_of_mutation_and_is_denied_without(line: Json, mode: OverheadMode) -> None:
    of, book = rendered_vmi(line), rule_set(line["plugins"])
    before = rendered_pod(line) if mode is EVEN_IF_COUNTED else as_by_an_early_kubevirt(rendered_pod(line))
    mutated = answer(before, of, book, mode)
    unmutated = validated(before, of, book, mode)
    if not mutated.patch:
        assert_passed(unmutated, mutated.reason)
        return
    assert_passed(validated(after(before, mutated), of, book, mode), "already-added")
    if any("/resources" in each["path"] for each in mutated.patch):
        assert (unmutated.decision, [each.rule for each in unmutated.findings]) == (Decision.DENIED, [MISSING_OVERHEAD])
    else:
        assert_passed(unmutated, "not-applicable")


def test_where_only_the_limit_can_grow_the_limit_is_told() -> None:
    both = {"requests": {"memory": "1Gi"}, "limits": {"memory": "2Gi"}}
    overcommit: Json = {"resources": {"overcommitGuestOverhead": True}}
    [found] = validated(pod(compute(both)), vmi(**overcommit)).findings
    assert render(found.path) == "spec.containers[0].resources.limits.memory"
    assert "is limited to 2Gi of memory, and lacks 500Mi" in found.message
    assert_passed(validated(pod(), vmi(**overcommit)), "not-applicable")


def test_an_account_that_alone_would_be_raised_is_nothing_that_a_pod_lacks() -> None:
    overcommit: Json = {"resources": {"overcommitGuestOverhead": True}}
    assert_passed(validated(pod(annotations={OVERHEAD_BYTES: "1"}), vmi(**overcommit), mode=EVEN_IF_COUNTED), "not-applicable")


def test_a_container_that_asks_for_nothing_and_stands_elsewhere_is_told_at_its_place() -> None:
    [found] = validated(pod({"name": "istio-proxy"}, {"name": "compute"})).findings
    assert render(found.path) == "spec.containers[1].resources.requests.memory"
    assert "container compute asks for no memory, and lacks 500Mi" in found.message


def test_every_resource_is_told_once_with_the_plugins_that_declare_it() -> None:
    book = rule_set(
        {"passt": PASST, "a": PASST, "b": PASST, "c": PASST, "none": {}},
        supplementary={"none": {"requests": {"cpu": "50m"}, "limits": {"cpu": "80m"}}},
    )
    limited = {"requests": {"memory": "1Gi", "cpu": "1"}, "limits": {"cpu": "2"}}
    memory, cpu = validated(pod(compute(limited)), vmi("passt", "a", "none", "b", "c"), book).findings
    assert 'lacks 2000Mi of what plugins "passt", "a", "b", 1 more declare' in memory.message
    assert 'container compute asks for 1 of cpu, and lacks 50m of what plugin "none" declares' in cpu.message


def test_what_has_become_due_since_mutation_is_told_alone() -> None:
    more = rule_set({"passt": {"computeResourceOverhead": {"requests": {"memory": "600Mi"}}}})
    [found] = validated(patched(pod()), book=more).findings
    assert 'asks for 1524Mi of memory, and lacks 100Mi of what plugin "passt" declares' in found.message


@pytest.mark.parametrize(
    ("memory", "shown"),
    [
        ("4584374273", "asks for about 4373Mi of memory, and lacks 500Mi of"),
        ("1024M", "asks for 1024M of memory, and lacks 500Mi of"),
    ],
)
def test_a_long_number_is_told_in_mi(memory: str, shown: str) -> None:
    [found] = validated(pod(compute({"requests": {"memory": memory}}))).findings
    assert shown in found.message


def test_nothing_is_missed_that_mutation_would_not_add() -> None:
    counted = pod(annotations={EVICT_ONLY: ""})
    assert_passed(validated(counted), "counted-by-kubevirt")
    assert validated(counted, mode=EVEN_IF_COUNTED).decision is Decision.DENIED
    assert_passed(validated(pod(), mode=OverheadMode.OFF), "mode-off")
    assert_passed(validated(pod(), action=Action.OFF), "mode-off")


@pytest.mark.parametrize(
    ("obj", "of", "reason"),
    [
        (pod(), b"", "vmi-not-found"),
        (pod(), b"{", "vmi-unreadable"),
        (pod(), vmi(uid="another"), "uid-mismatch"),
        (pod(), vmi("unregistered"), "nothing-declared"),
        (pod(annotations={EVICT_ONLY: ""}), vmi(annotations={EVICT_ONLY: ""}), "not-provable"),
        (pod(annotations={MARKER: "{"}), vmi(), "unreadable-quantity"),
        (pod(compute({"requests": {"memory": "lots"}})), vmi(), "unreadable-quantity"),
        (pod(compute({"requests": {"memory": 5}})), vmi(), "unreadable-quantity"),
    ],
)
def test_whatever_is_odd_passes_with_its_reason(obj: Json, of: Any, reason: str) -> None:
    assert_passed(validated(obj, of), reason)


def test_a_forged_marker_that_the_vmi_brought_does_not_excuse_what_is_missing() -> None:
    forged = {MARKER: '{"requests.memory":"500Mi"}'}
    assert validated(pod(annotations=forged), vmi(annotations=forged)).decision is Decision.DENIED


def test_a_supplementary_value_that_is_a_number_in_the_pod_is_told_like_text() -> None:
    book = rule_set({"passt": {}}, supplementary={"passt": {"requests": {"cpu": "1"}}})
    [found] = validated(pod(compute({"requests": {"cpu": 2}})), book=book).findings
    assert "asks for 2 of cpu, and lacks 1 of" in found.message


def test_an_answer_about_a_pod_can_be_sent_with_any_rule_set() -> None:
    book = msgspec.structs.replace(rule_set(), version="4711")
    response = told(pod(), validated(pod()), book)
    assert response["auditAnnotations"]["registry"] == "4711"
