"""An object in, findings out: kinds, paths, shapes and templates."""

from typing import Any

import pytest

from tests.builders import interface, multus, registry, spec
from webhook.admission.evaluation import evaluate_object
from webhook.kube.fieldpath import render
from webhook.rules import RULES
from webhook.rules.base import Action
from webhook.rules.plan import Plan, plan

ALL = plan(RULES, registry({"passt": {"sidecarImage": "quay.io/kubevirt/network-passt-binding:v1.9.0"}}), {}, upstream_answers=False)
SLIP = spec(interface(binding={"name": "pastt"}))


def found(obj: object, rules: Plan = ALL) -> list[tuple[str, str]]:
    findings = evaluate_object(obj, rules)
    assert findings is not None
    return [(finding.rule, render(finding.path)) for finding in findings]


def vm(vmi_spec: object, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": {"template": {"spec": vmi_spec}, **fields}}


def template(vmi_spec: object) -> dict[str, Any]:
    return {"apiVersion": "template.kubevirt.io/v1alpha1", "kind": "VirtualMachineTemplate", "spec": {"virtualMachine": vm(vmi_spec)}}


@pytest.mark.parametrize(
    ("api_version", "kind", "wrap", "prefix"),
    [
        ("kubevirt.io/v1", "VirtualMachine", lambda s: {"template": {"spec": s}}, "spec.template.spec"),
        ("kubevirt.io/v1alpha3", "VirtualMachine", lambda s: {"template": {"spec": s}}, "spec.template.spec"),
        ("kubevirt.io/v1", "VirtualMachineInstance", lambda s: s, "spec"),
        ("kubevirt.io/v1", "VirtualMachineInstanceReplicaSet", lambda s: {"template": {"spec": s}}, "spec.template.spec"),
        (
            "pool.kubevirt.io/v1beta1",
            "VirtualMachinePool",
            lambda s: {"virtualMachineTemplate": {"spec": {"template": {"spec": s}}}},
            "spec.virtualMachineTemplate.spec.template.spec",
        ),
    ],
)
def test_every_kind_leads_to_its_vmi_spec(api_version: str, kind: str, wrap: Any, prefix: str) -> None:
    obj = {"apiVersion": api_version, "kind": kind, "spec": wrap(SLIP)}
    assert found(obj) == [("unregistered-plugin", f"{prefix}.domain.devices.interfaces[0].binding.name")]


@pytest.mark.parametrize(
    "obj",
    [
        None,
        5,
        "text",
        [],
        {},
        {"apiVersion": "v1", "kind": "Pod"},
        {"apiVersion": "v1", "kind": "VirtualMachine"},
        {"apiVersion": ["kubevirt.io/v1"], "kind": "VirtualMachine"},
        {"apiVersion": "kubevirt.io/v1", "kind": {}},
        {"apiVersion": "instancetype.kubevirt.io/v1beta1", "kind": "VirtualMachineClusterPreference"},
    ],
)
def test_what_carries_no_vmi_spec_is_passed_over(obj: object) -> None:
    assert evaluate_object(obj, ALL) is None


@pytest.mark.parametrize(
    ("obj", "rule", "field"),
    [
        ({"spec": {}}, "missing-field", "spec.template"),
        ({}, "missing-field", "spec"),
        ({"spec": None}, "missing-field", "spec"),
        ({"spec": []}, "wrong-type", "spec"),
        ({"spec": {"template": "x"}}, "wrong-type", "spec.template"),
        ({"spec": {"template": {"spec": {}}}}, "missing-field", "spec.template.spec.domain"),
        ({"spec": {"template": {"spec": {"domain": 5}}}}, "wrong-type", "spec.template.spec.domain"),
    ],
)
def test_a_missing_or_wrong_parent_is_told_once_with_its_path(obj: dict[str, Any], rule: str, field: str) -> None:
    assert found({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", **obj}) == [(rule, field)]


def test_the_rest_is_evaluated_beside_a_value_of_the_wrong_type() -> None:
    two = spec(interface(masquerade={}, model=5), interface("blue", binding={"name": "pastt"}))
    assert found(vm(two)) == [
        ("wrong-type", "spec.template.spec.domain.devices.interfaces[0].model"),
        ("unregistered-plugin", "spec.template.spec.domain.devices.interfaces[1].binding.name"),
    ]


def test_what_follows_from_a_wrong_type_is_not_told_again() -> None:
    assert found(vm(spec(interface(masquerade="yes")))) == [("wrong-type", "spec.template.spec.domain.devices.interfaces[0].masquerade")]


def test_with_the_shape_rules_off_nothing_hides_behind_a_wrong_type() -> None:
    rules = plan(RULES, registry(), {"wrong-type": Action.OFF}, upstream_answers=False)
    assert found(vm(spec(interface(masquerade="yes"))), rules) == [("no-binding", "spec.template.spec.domain.devices.interfaces[0]")]


def test_an_interface_that_is_null_is_one_finding() -> None:
    assert ("wrong-type", "spec.template.spec.domain.devices.interfaces[0]") in found(vm({"domain": {"devices": {"interfaces": [None]}}}))


def test_an_unserved_version_is_told_and_evaluated_as_the_newest() -> None:
    assert found({**vm(SLIP), "apiVersion": "kubevirt.io/v2"}) == [
        ("unserved-version", "apiVersion"),
        ("unregistered-plugin", "spec.template.spec.domain.devices.interfaces[0].binding.name"),
    ]


def test_annotations_of_the_wrong_type_are_told() -> None:
    wrong = vm(spec(interface(masquerade={})))
    wrong["spec"]["template"]["metadata"] = {"annotations": {"a": 5, "b": "fine", "c": None}}
    assert found(wrong) == [("wrong-type", "spec.template.metadata.annotations.a")]
    wrong["spec"]["template"]["metadata"] = {"annotations": "x"}
    assert found(wrong) == [("wrong-type", "spec.template.metadata.annotations")]


def test_a_preference_may_fill_in_the_binding() -> None:
    bare = spec(interface())
    assert found(vm(bare)) == [("no-binding", "spec.template.spec.domain.devices.interfaces[0]")]
    assert found(vm(bare, preference={"name": "fedora"})) == []


def test_in_a_template_findings_are_warnings() -> None:
    findings = evaluate_object(template(SLIP), ALL)
    assert findings is not None
    assert [(finding.rule, finding.severity) for finding in findings] == [("unregistered-plugin", Action.WARN)]


@pytest.mark.parametrize("name", ["${PLUGIN}", "prefix-${PLUGIN}"])
def test_a_template_parameter_is_no_name(name: str) -> None:
    assert found(template(spec(interface(binding={"name": name})))) == []


def test_a_template_parameter_excuses_only_the_interface_or_network_that_it_is_in() -> None:
    both = spec(interface("${NIC}", masquerade={}), interface("blue", binding={"name": "pastt"}))
    assert [rule for rule, _ in found(template(both))] == ["unregistered-plugin"]
    number = spec(interface(masquerade={}, ports=[{"port": "${{PORT}}"}]))
    assert found(template(number)) == []


def test_an_optional_parent_that_is_null_is_absent() -> None:
    assert found(vm({"domain": {"devices": None}, "networks": None})) == []


def test_a_kubevirt_cr_leads_to_its_registrations() -> None:
    binding = {"odd": {"domainAttachmentType": "Tap"}, "broken": 5}
    cr = {"apiVersion": "kubevirt.io/v1", "kind": "KubeVirt", "spec": {"configuration": {"network": {"binding": binding}}}}
    assert found(cr) == [
        ("wrong-type", "spec.configuration.network.binding.broken"),
        ("unknown-domain-attachment-type", "spec.configuration.network.binding.odd.domainAttachmentType"),
    ]


def test_a_multus_network_beside_is_no_pod_network() -> None:
    assert found(vm(spec(interface("blue", masquerade={}), networks=[multus("blue")]))) == [
        ("masquerade-without-pod-network", "spec.template.spec.domain.devices.interfaces[0].masquerade")
    ]
