"""Bytes in, an answer out: what is checked, what is skipped, and what cannot be answered."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.admission.reviews import BAD, GOOD, answer_to, review, rule_set, running, told, validated, vm_object, vmi_object
from tests.builders import interface, multus, no_registry, registry, spec
from webhook.admission.answer import Decision, ReviewError
from webhook.admission.verdict import encode
from webhook.rules.base import Action

SHARED = sorted((Path(__file__).parents[3] / "shared/fixtures/admissionreviews").glob("*.json"))
OWN = sorted((Path(__file__).parents[1] / "data/reviews").glob("*.json"))
RECORDED = [*SHARED, *OWN]

UNREGISTERED = [("unregistered-plugin", "deny")]


def test_a_vm_whose_plugin_is_registered_is_allowed() -> None:
    answer = answer_to(review(vm_object(GOOD)))
    assert (answer.decision, answer.findings, answer.reason) == (Decision.ALLOWED, (), "")


@pytest.mark.parametrize("of", [vm_object, vmi_object])
def test_a_plugin_that_nobody_registered_is_denied(of: Any) -> None:
    answer = answer_to(review(of(BAD)))
    assert answer.decision is Decision.DENIED
    assert told(answer) == UNREGISTERED


def test_denials_are_told_before_warnings() -> None:
    answer = answer_to(review(vm_object(interface("a", bridge={}), interface("b", binding={"name": "blu"}))))
    assert told(answer) == [("unregistered-plugin", "deny"), ("bridge-on-pod-network", "warn")]


def test_a_rule_that_is_set_to_warn_allows() -> None:
    answer = answer_to(review(vm_object(BAD)), rule_set(actions={"unregistered-plugin": Action.WARN}))
    assert answer.decision is Decision.ALLOWED
    assert told(answer) == [("unregistered-plugin", "warn")]


def test_without_a_registry_no_plugin_is_denied() -> None:
    assert answer_to(review(vm_object(BAD)), rule_set(no_registry())).decision is Decision.ALLOWED


def test_where_the_registered_plugins_are_unknown_who_names_one_is_warned() -> None:
    by = msgspec.structs.replace(rule_set(no_registry()), unchecked="there is no KubeVirt CR")
    assert told(answer_to(review(vm_object(BAD)), by)) == [("unregistered-plugin", "warn")]


@pytest.mark.parametrize(
    ("request_fields", "reason"),
    [
        ({"operation": "DELETE", "object": None}, "delete"),
        ({"operation": "CONNECT"}, "connect"),
        ({"operation": "UPDATE", "subResource": "status"}, "status"),
        ({"operation": "UPDATE", "subResource": "scale"}, "scale"),
        ({"operation": "CREATE", "subResource": "restart"}, "subresource"),
        ({"kind": {"group": "", "version": "v1", "kind": "Pod"}}, "unknown-kind"),
        ({"kind": {"group": "example.com", "version": "v1", "kind": "VirtualMachine"}}, "unknown-kind"),
        ({"kind": {"group": "", "version": "v1", "kind": "Pod"}, "object": None}, "unknown-kind"),
        ({"kind": {"group": "kubevirt.io", "version": "v9", "kind": "KubeVirt"}}, "unknown-kind"),
    ],
)
def test_what_is_not_ours_to_evaluate_is_allowed_with_its_reason(request_fields: dict[str, Any], reason: str) -> None:
    answer = answer_to(review(vm_object(BAD), **request_fields))
    assert (answer.decision, answer.reason, answer.findings) == (Decision.ALLOWED, reason, ())


def test_an_exempt_namespace_is_passed_over_and_another_is_not() -> None:
    body = review(vm_object(BAD))
    assert answer_to(body, exempt_namespaces=frozenset({"default"})).reason == "exempt-namespace"
    assert answer_to(body, exempt_namespaces=frozenset({"defaul"})).decision is Decision.DENIED


@pytest.mark.parametrize("odd", [interface(binding={"name": "blu"}), interface(binding=5)])
def test_an_object_that_is_being_deleted_is_allowed_whatever_is_wrong_with_it(odd: dict[str, Any]) -> None:
    obj = vm_object(odd, metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    assert answer_to(review(obj, vm_object(GOOD))).reason == "deleting"


def test_all_values_of_the_wrong_type_are_told() -> None:
    answer = answer_to(review(vm_object(interface(binding=5), interface("b", masquerade="yes"))))
    assert answer.decision is Decision.DENIED
    assert [rule for rule, _ in told(answer)].count("wrong-type") == 2


def test_a_version_that_the_api_server_serves_is_no_violation() -> None:
    answer = answer_to(review({**vm_object(BAD), "apiVersion": "kubevirt.io/v7"}))
    assert told(answer) == UNREGISTERED


def test_what_an_object_is_is_told_by_the_request() -> None:
    nameless = {key: value for key, value in vm_object(interface(binding=5)).items() if key == "spec"}
    told_kind = {"group": "kubevirt.io", "version": "v1", "kind": "VirtualMachine"}
    assert answer_to(review(nameless, kind=told_kind)).decision is Decision.DENIED


def test_a_template_gets_warnings_only() -> None:
    template = {"apiVersion": "template.kubevirt.io/v1alpha1", "kind": "VirtualMachineTemplate", "spec": {"virtualMachine": vm_object(BAD)}}
    answer = answer_to(review(template))
    assert (answer.decision, told(answer)) == (Decision.ALLOWED, [("unregistered-plugin", "warn")])


def kubevirt(*, binding: dict[str, Any], **spec_fields: Any) -> dict[str, Any]:
    configuration = {"network": {"binding": binding}}
    return {"apiVersion": "kubevirt.io/v1", "kind": "KubeVirt", "spec": {"configuration": configuration, **spec_fields}}


def hyperconverged(*, binding: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "hco.kubevirt.io/v1beta1", "kind": "HyperConverged", "spec": {"networkBinding": binding}}


TYPO = {"p": {"domainAttachmentType": "Tap"}}


@pytest.mark.parametrize("obj", [kubevirt(binding=TYPO), hyperconverged(binding=TYPO)])
def test_a_wrong_registration_is_warned_about_and_never_denied(obj: dict[str, Any]) -> None:
    answer = answer_to(review(obj))
    assert answer.decision is Decision.ALLOWED
    assert ("unknown-domain-attachment-type", "warn") in told(answer)


KUBEVIRT_CONTROLLER = "system:serviceaccount:kubevirt:kubevirt-controller"


@pytest.mark.parametrize(
    ("username", "obj", "decision"),
    [
        (KUBEVIRT_CONTROLLER, vm_object(interface(binding={"name": "gren"})), Decision.ALLOWED),
        (KUBEVIRT_CONTROLLER, vmi_object(interface(binding={"name": "gren"})), Decision.DENIED),
        ("alice", vm_object(interface(binding={"name": "gren"})), Decision.DENIED),
        ("system:serviceaccount:shop:kubevirt-controller", vm_object(interface(binding={"name": "gren"})), Decision.DENIED),
    ],
)
def test_a_vm_that_kubevirt_itself_restores_or_clones_is_warned_about(username: str, obj: dict[str, Any], decision: Decision) -> None:
    by = msgspec.structs.replace(rule_set(), launcher_creators=frozenset({KUBEVIRT_CONTROLLER}))
    answer = answer_to(review(obj, userInfo={"username": username}), by)
    assert answer.decision is decision
    assert told(answer) == [("unregistered-plugin", "warn" if decision is Decision.ALLOWED else "deny")]


def test_where_nobody_knows_kubevirt_s_user_every_vm_is_denied_alike() -> None:
    obj = vm_object(interface(binding={"name": "gren"}))
    assert answer_to(review(obj, userInfo={"username": KUBEVIRT_CONTROLLER})).decision is Decision.DENIED


def test_a_registration_is_evaluated_on_an_update_only_when_plugins_changed() -> None:
    before = kubevirt(binding=TYPO)
    assert answer_to(review(kubevirt(binding=TYPO, imageTag="v1.9.0"), before)).reason == "unchanged"
    assert answer_to(review(kubevirt(binding={**TYPO, "q": {"domainAttachmentType": "tap"}}), before)).findings


def test_the_old_interfaces_are_known_to_rules_on_an_update() -> None:
    networks = [{"name": "default", "pod": {}}, multus("b")]
    plugged = running(vm_object(GOOD, interface("b", binding={"name": "green"}), networks=networks))
    answer = answer_to(review(plugged, running(vm_object(GOOD))))
    assert told(answer) == [("plugin-nic-not-hotpluggable", "warn")]
    assert answer_to(review(plugged, plugged)).findings == ()
    assert answer_to(review(plugged)).findings == ()


@pytest.mark.parametrize("status", [None, {}, {"created": False}, {"created": "true"}, {"printableStatus": "Stopped"}])
def test_a_vm_that_does_not_run_gets_every_nic_when_it_starts(status: object) -> None:
    networks = [{"name": "default", "pod": {}}, multus("b")]
    stopped = {**vm_object(GOOD, interface("b", binding={"name": "green"}), networks=networks), "status": status}
    assert answer_to(review(stopped, vm_object(GOOD))).findings == ()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "not the JSON"),
        (b"{", "not the JSON"),
        (b"\xff", "not the JSON"),
        (b"null", "admission.k8s.io/v1"),
        (b"[]", "admission.k8s.io/v1"),
        (b"{}", "admission.k8s.io/v1"),
        (b'{"apiVersion": "v1", "kind": "Pod"}', 'kind "Pod" of apiVersion "v1"'),
        (b'{"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview"}', 'of apiVersion "admission.k8s.io/v1beta1"'),
        (b'{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}', "request"),
        (b'{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": null}', "request"),
        (b'{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {}}', "uid"),
        (review(None), "request.object"),
        (review(None, vm_object(GOOD)), "request.object"),
        (review(5), "request.object"),
        (review(vm_object(GOOD), uid=""), "uid"),
        (review(vm_object(GOOD), uid=7), "uid"),
        (review(vm_object(GOOD), operation="PATCH"), "PATCH"),
        (review(vm_object(GOOD)).replace(b'"vm"', b'"\xff"'), "not the JSON"),
        (review(vm_object(interface(binding=5), odd="BAD")).replace(b'"BAD"', b'"\xff"'), "not the JSON"),
        (review("DEEP").replace(b'"DEEP"', b'{"x":' + b"[" * 1_500_000 + b"]" * 1_500_000 + b"}"), "nested too deeply"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_what_is_no_review_that_can_be_answered_says_what_was_found(body: bytes, named: str) -> None:
    with pytest.raises(ReviewError) as error:
        answer_to(body)
    assert named in str(error.value)


def test_v1beta1_is_refused_with_what_to_write_in_the_webhook_configuration() -> None:
    body = review(vm_object(GOOD)).replace(b"admission.k8s.io/v1", b"admission.k8s.io/v1beta1")
    with pytest.raises(ReviewError, match=r'found .*"admission.k8s.io/v1beta1".*admissionReviewVersions: \["v1"\]'):
        answer_to(body)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_review_is_answered_by_its_uid(path: Path) -> None:
    body = path.read_bytes()
    request, answer = validated(body, rule_set())
    denied = answer.decision is Decision.DENIED
    assert request.uid == json.loads(body)["request"]["uid"]
    assert denied == (path.stem == "vm-create-unregistered-generatename")


def answered(body: bytes) -> None:
    """Whatever comes in: an answer that can be written, or a ReviewError."""
    by = rule_set()
    try:
        request, answer = validated(body, by)
    except ReviewError:
        return
    response = json.loads(encode(request, answer, by, now=101.0))["response"]
    assert response["uid"] == request.uid
    assert response["allowed"] == (answer.decision is not Decision.DENIED)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
KEYS = st.sampled_from(
    [
        "apiVersion",
        "kind",
        "metadata",
        "annotations",
        "deletionTimestamp",
        "spec",
        "template",
        "virtualMachineTemplate",
        "virtualMachine",
        "domain",
        "devices",
        "interfaces",
        "networks",
        "name",
        "binding",
        "masquerade",
        "bridge",
        "sriov",
        "passtBinding",
        "state",
        "model",
        "macAddress",
        "ports",
        "port",
        "pod",
        "multus",
        "networkName",
        "configuration",
        "network",
        "networkBinding",
    ]
)
JSON_DATA = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25)
KINDS = st.sampled_from(
    [
        ("kubevirt.io/v1", "VirtualMachine"),
        ("kubevirt.io/v1", "VirtualMachineInstance"),
        ("pool.kubevirt.io/v1beta1", "VirtualMachinePool"),
        ("template.kubevirt.io/v1beta1", "VirtualMachineTemplate"),
        ("kubevirt.io/v1", "KubeVirt"),
        ("hco.kubevirt.io/v1beta1", "HyperConverged"),
    ]
)
OBJECTS = st.builds(
    lambda kind, fields: {**fields, "apiVersion": kind[0], "kind": kind[1]}, KINDS, st.dictionaries(KEYS, JSON_DATA, max_size=5)
)
VMI_OBJECTS = st.builds(
    lambda interfaces, networks: {**vmi_object(), "spec": {"domain": {"devices": {"interfaces": interfaces}}, "networks": networks}},
    st.lists(st.dictionaries(KEYS, JSON_DATA, max_size=4), max_size=3),
    st.lists(st.dictionaries(KEYS, JSON_DATA, max_size=4), max_size=3),
)


@settings(max_examples=200)
@given(st.one_of(OBJECTS, VMI_OBJECTS, JSON_DATA), st.one_of(OBJECTS, VMI_OBJECTS, JSON_DATA))
def test_no_object_gives_a_traceback(obj: object, old: object) -> None:
    answered(review(obj, old))


@given(st.dictionaries(st.sampled_from(["apiVersion", "kind", "request"]), JSON_DATA), st.dictionaries(KEYS, JSON_DATA))
def test_no_envelope_gives_a_traceback(envelope: dict[str, Any], request: dict[str, Any]) -> None:
    answered(json.dumps(envelope).encode())
    answered(review(vm_object(GOOD), **request))


@settings(max_examples=200)
@given(st.sampled_from(RECORDED), st.data())
def test_no_mutilated_review_gives_a_traceback(path: Path, data: st.DataObject) -> None:
    body = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(body) - 1))
    answered(bytes(body[:place]))
    body[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    answered(bytes(body))


def test_upstream_covered_rules_stay_silent_in_the_cluster() -> None:
    by = rule_set(registry(version="1.9.0"), upstream_answers=True)
    assert answer_to(review(vm_object(interface())), by).findings == ()


def test_a_spec_without_interfaces_is_allowed() -> None:
    assert answer_to(review({**vmi_object(), "spec": spec()})).decision is Decision.ALLOWED
