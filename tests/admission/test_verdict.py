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
from webhook.admission.causes import CAUSE_TYPE_OF
from webhook.admission.verdict import MAX_CAUSES, MAX_REPORTED, MAX_SHORT_BYTES, MAX_TOTAL_BYTES, encode, warnings_of
from webhook.rules import RULE_NAMED
from webhook.rules.base import Action, Finding

FIELD = "spec.template.spec.domain.devices.interfaces[0].binding.name"

SUBJECT = "VirtualMachine default/vm"


def response_to(obj: dict[str, Any], answer: Answer | None = None, **request_fields: Any) -> dict[str, Any]:
    by = rule_set()
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
    assert text.startswith('no binding plugin named "blu" is registered; did you mean "blue"? help: registered are "blue"')
    assert text.endswith(" [Bindguard unregistered-plugin]")


def test_a_denial_gives_an_instruction_once_and_each_cause_has_it() -> None:
    status = response_to(vm_object(*(interface(name, binding={"name": "blu"}) for name in "ab"), networks=[multus("a"), multus("b")]))[
        "status"
    ]
    assert status["message"].count("help: ") == 1
    assert [cause["message"].count("help: ") for cause in status["details"]["causes"]] == [1, 1]


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


@pytest.mark.parametrize("rule", sorted(CAUSE_TYPE_OF))
def test_a_rule_with_a_cause_type_exists(rule: str) -> None:
    assert rule in RULE_NAMED


def test_a_registry_that_is_read_after_the_review_is_not_of_negative_age() -> None:
    by = rule_set()
    request, answer = validated(review(vm_object(GOOD)), by)
    written = json.loads(encode(request, answer, by, now=0.0))
    assert written["response"]["auditAnnotations"]["registry-age-seconds"] == "0"


def test_a_warning_is_reported_whole_while_all_fit() -> None:
    assert warnings_of([warning(path=("spec", "networks", 0), message="x" * 1000)], "VirtualMachine a/b") == [
        f"VirtualMachine a/b: spec.networks[0]: {'x' * 1000}; help: a [Bindguard no-binding]"
    ]


def test_warnings_that_do_not_fit_are_cut_at_a_character_before_their_instruction() -> None:
    for message in ("x" * 300, "ü" * 300, "x" + "ü" * 300, "🦀" * 99):
        line = warnings_of([warning(message=message)] * 20, "VirtualMachine a/b")[0]
        assert MAX_SHORT_BYTES - 3 <= len(line.encode()) <= MAX_SHORT_BYTES
        assert line.endswith("...; help: a [Bindguard no-binding]")
        assert "�" not in line


def test_an_instruction_without_room_for_more_stands_alone() -> None:
    line = warnings_of([warning(accepted="y" * 300)] * 20, "VirtualMachine a/b")[0]
    assert line.startswith("help: yyy")
    assert line.endswith("... [Bindguard no-binding]")


def test_more_warnings_than_there_is_room_for_are_counted() -> None:
    lines = warnings_of([warning(message="x" * 300) for _ in range(100)], "VirtualMachine a/b")
    assert lines[-1] == f"and {100 - len(lines) + 1} more warnings"
    assert sum(len(line.encode()) for line in lines) > MAX_TOTAL_BYTES - 2 * MAX_SHORT_BYTES


@given(st.lists(st.builds(warning, message=st.text(max_size=300), path=st.tuples(st.text(max_size=300))), max_size=60))
def test_warnings_keep_the_limits_and_hold_no_control_characters(findings: list[Finding]) -> None:
    lines = warnings_of(findings, "VirtualMachine a/b")
    assert sum(len(line.encode()) for line in lines) <= MAX_TOTAL_BYTES
    assert all(line.isprintable() for line in lines)
    assert bool(lines) == bool(findings)


@given(st.text(max_size=50), st.text(max_size=50))
def test_no_text_in_a_finding_breaks_a_denial(message: str, key: str) -> None:
    finding = Finding("wrong-type", Action.DENY, ("metadata", key), message, message)
    status = response_to(vm_object(GOOD), Answer(decision=Decision.DENIED, findings=[finding]))["status"]
    assert status["message"].isprintable()
    assert status["details"]["causes"][0]["message"].isprintable()
