"""An answer in, the bytes of a response out: what the API server and kubectl read."""

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.reviews import BAD, GOOD, review, rule_set, validated, vm_object
from tests.builders import interface, multus
from webhook.admission.answer import Answer, Decision
from webhook.admission.rule_set import RuleSet, Support
from webhook.admission.verdict import MAX_CAUSES, MAX_REPORTED, MAX_WARNING_BYTES, encode, warnings_of
from webhook.rules.base import Action, Finding

FIELD = "spec.template.spec.domain.devices.interfaces[0].binding.name"

SUBJECT = "VirtualMachine default/vm"
SUPPORT = Support(url="https://wiki.example.com/vms#{rule}", contact="net@example.com")


def response_to(obj: dict[str, Any], answer: Answer | None = None, by: RuleSet | None = None, **request_fields: Any) -> dict[str, Any]:
    by = by if by is not None else rule_set()
    request, evaluated = validated(review(obj, **request_fields), by)
    written = json.loads(encode(request, answer if answer is not None else evaluated, by, now=107.9))
    assert (written.pop("apiVersion"), written.pop("kind")) == ("admission.k8s.io/v1", "AdmissionReview")
    assert list(written) == ["response"]
    response = written["response"]
    assert isinstance(response, dict)
    return response


def warning(rule: str = "no-binding", message: str = "m", accepted: str = "a", path: tuple[str | int, ...] = ("spec",)) -> Finding:
    return Finding(rule, Action.WARN, path, message, accepted)


def test_an_allowed_answer_without_findings_is_short() -> None:
    assert response_to(vm_object(GOOD)) == {
        "uid": "u-1",
        "allowed": True,
        "auditAnnotations": {"decision": "allowed", "registry": "17", "registry-age-seconds": "7"},
    }


@given(uid=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), reason=st.sampled_from(["", "delete", "unknown-kind"]))
def test_whatever_the_uid_a_short_answer_repeats_it_and_is_written_as_any_other(uid: str, reason: str) -> None:
    by = rule_set()
    request, _ = validated(review(vm_object(GOOD), uid=uid), by)
    told = {"reason": reason} if reason else {}
    audit = {"decision": "allowed", "registry": "17", "registry-age-seconds": "7"} | told
    response = {"uid": uid, "allowed": True, "auditAnnotations": audit}
    expected = msgspec.json.encode({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
    for now in (107.1, 107.9):
        assert encode(request, Answer(decision=Decision.ALLOWED, reason=reason), by, now=now) == expected


def test_a_reason_and_what_the_answer_adds_stand_in_the_audit_annotations() -> None:
    response = response_to(vm_object(GOOD), Answer(decision=Decision.ALLOWED, reason="delete", audit={"owed": "500Mi"}))
    assert response["auditAnnotations"].items() >= {"reason": "delete", "owed": "500Mi"}.items()


def test_a_denial_is_an_invalid_status_of_code_422() -> None:
    response = response_to(vm_object(BAD))
    status = response["status"]
    assert response["allowed"] is False
    assert (status["status"], status["reason"], status["code"]) == ("Failure", "Invalid", 422)
    assert {key: status["details"][key] for key in ("name", "group", "kind")} == {
        "name": "vm",
        "group": "kubevirt.io",
        "kind": "VirtualMachine",
    }
    assert "warnings" not in response


def test_a_denial_tells_field_value_remedy_and_rule_in_message_and_cause_alike() -> None:
    status = response_to(vm_object(BAD))["status"]
    [cause] = status["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldValueNotFound", FIELD)
    text = cause["message"].removeprefix(f"{SUBJECT}: ")
    assert status["message"] == f"{SUBJECT}: {FIELD}: {text}"
    assert text.startswith('no binding plugin named "blu" is registered; did you mean "blue"? help: use a registered plugin: "blue"')
    assert text.endswith(", or ask your cluster admin [Bindguard unregistered-plugin]")


def test_where_a_contact_is_set_it_stands_at_the_end_with_the_rule_s_page() -> None:
    [cause] = response_to(vm_object(BAD), by=msgspec.structs.replace(rule_set(), support=SUPPORT))["status"]["details"]["causes"]
    link = "https://wiki.example.com/vms#unregistered-plugin"
    assert cause["message"].endswith(f'"passt" [Bindguard unregistered-plugin, {link}; ask net@example.com]')
    assert "your cluster admin" not in cause["message"]


@pytest.mark.parametrize(
    ("support", "end"),
    [
        (Support(url="http://a/b"), "[Bindguard no-binding, http://a/b]"),
        (Support(contact="the network team"), "[Bindguard no-binding; ask the network team]"),
        (Support(), "[Bindguard no-binding]"),
    ],
)
def test_a_page_and_a_contact_are_each_optional(support: Support, end: str) -> None:
    [line] = warnings_of([warning()], SUBJECT, support)
    assert line.endswith(f"help: a {end}")


def test_what_only_an_administrator_can_do_is_in_the_audit_annotation_and_not_in_the_denial() -> None:
    response = response_to(vm_object(BAD))
    assert response["auditAnnotations"]["help-for-admins"].startswith('register "blu" in the KubeVirt CR')
    assert "register" not in response["status"]["message"].replace("registered", "")


def test_an_instruction_for_administrators_is_given_once_and_there_are_few() -> None:
    helps = ["add a gate", "add a gate", *"abcdef"]
    findings = [Finding("no-binding", Action.WARN, ("spec",), "m", "a", for_admin) for for_admin in helps]
    response = response_to(vm_object(GOOD), Answer(decision=Decision.ALLOWED, findings=findings))
    assert response["auditAnnotations"]["help-for-admins"] == "add a gate; a; b; c; d"


def test_object_help_page_and_contact_are_given_once_for_all_interfaces_with_the_same_problem() -> None:
    two = vm_object(*(interface(name, binding={"name": "blu"}) for name in "ab"), networks=[multus("a"), multus("b")])
    status = response_to(two, by=msgspec.structs.replace(rule_set(), support=SUPPORT))["status"]
    first, second = (cause["message"] for cause in status["details"]["causes"])
    for once in (f"{SUBJECT}: ", "help: ", "https://", "ask net@example.com"):
        assert (status["message"].count(once), first.count(once), second.count(once)) == (1, 1, 0)
    assert second == 'no binding plugin named "blu" is registered; did you mean "blue"? [Bindguard unregistered-plugin]'


def test_an_object_whose_name_is_to_be_generated_is_named_by_kind_and_namespace() -> None:
    status = response_to(vm_object(BAD), name="")["status"]
    assert status["message"].startswith(f"{SUBJECT.removesuffix('vm')}(name not generated yet): ")


def test_a_denial_carries_its_warnings_beside() -> None:
    response = response_to(vm_object(interface("a", bridge={}), interface("b", binding={"name": "blu"})))
    assert [cause["field"] for cause in response["status"]["details"]["causes"]] == [FIELD.replace("[0]", "[1]")]
    assert len(response["warnings"]) == 1
    assert response["auditAnnotations"]["rules"] == "unregistered-plugin,bridge-on-pod-network"


def test_many_denials_are_told_in_part_and_counted() -> None:
    count = MAX_CAUSES + 5
    interfaces = [interface(f"i{n}", binding={"name": "blu"}) for n in range(count)]
    status = response_to(vm_object(*interfaces, networks=[multus(f"i{n}") for n in range(count)]))["status"]
    assert status["message"].count("[Bindguard unregistered-plugin]") == MAX_REPORTED
    assert status["message"].endswith(f", and {count - MAX_REPORTED} more")
    assert len(status["details"]["causes"]) == MAX_CAUSES


def test_a_patch_is_base64_of_its_operations() -> None:
    patch = [{"op": "test", "path": "/a", "value": "1"}, {"op": "replace", "path": "/a", "value": "2"}]
    response = response_to(vm_object(GOOD), Answer(decision=Decision.PATCHED, patch=patch))
    assert (response["allowed"], response["patchType"]) == (True, "JSONPatch")
    assert json.loads(base64.b64decode(response["patch"])) == patch


def test_an_answer_without_a_patch_names_no_patch_type() -> None:
    for obj in (vm_object(GOOD), vm_object(BAD), vm_object(interface(bridge={}))):
        assert not {"patch", "patchType"} & response_to(obj).keys()


def test_a_registry_that_is_read_after_the_review_is_not_of_negative_age() -> None:
    by = rule_set()
    request, answer = validated(review(vm_object(GOOD)), by)
    written = json.loads(encode(request, answer, by, now=0.0))
    assert written["response"]["auditAnnotations"]["registry-age-seconds"] == "0"


def test_a_warning_is_never_cut_however_long_it_is() -> None:
    assert warnings_of([warning(path=("spec", "networks", 0), message="x" * 1000)], "VirtualMachine a/b", Support()) == [
        f"VirtualMachine a/b: spec.networks[0]: {'x' * 1000}; help: a [Bindguard no-binding]"
    ]


def test_warnings_that_do_not_fit_into_what_the_api_server_lets_through_are_counted() -> None:
    findings = [warning(message="x" * 300) for _ in range(100)]
    lines = warnings_of(findings, "VirtualMachine a/b", Support())
    assert lines[-1] == f"and {100 - len(lines) + 1} more warnings"
    assert all(line.endswith(" [Bindguard no-binding]") for line in lines[:-1])
    assert sum(map(len, lines)) > MAX_WARNING_BYTES - 400


def test_one_warning_that_does_not_fit_is_counted_as_one() -> None:
    assert warnings_of([warning(message="x" * MAX_WARNING_BYTES)], "VirtualMachine a/b", Support()) == ["and 1 more warning"]


def test_bytes_count_and_not_characters() -> None:
    lines = warnings_of([warning(message="\u00fc" * 1000) for _ in range(3)], "VirtualMachine a/b", Support())
    assert lines[1:] == ["and 2 more warnings"]


@given(st.lists(st.builds(warning, message=st.text(max_size=300), path=st.tuples(st.text(max_size=300))), max_size=60))
def test_warnings_keep_the_limit_and_hold_no_control_characters(findings: list[Finding]) -> None:
    lines = warnings_of(findings, "VirtualMachine a/b", SUPPORT)
    assert sum(len(line.encode()) for line in lines) <= MAX_WARNING_BYTES
    assert all(line.isprintable() for line in lines)
    assert bool(lines) == bool(findings)


@given(st.text(max_size=50), st.text(max_size=50))
def test_no_text_in_a_finding_breaks_a_denial(message: str, key: str) -> None:
    finding = Finding("wrong-type", Action.DENY, ("metadata", key), message, message)
    status = response_to(vm_object(GOOD), Answer(decision=Decision.DENIED, findings=[finding]))["status"]
    assert status["message"].isprintable()
    assert status["details"]["causes"][0]["message"].isprintable()
