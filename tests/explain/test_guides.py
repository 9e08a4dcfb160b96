import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest
import yaml

from tests.builders import registration, registry
from webhook.explain import GUIDES, guide_named
from webhook.explain.binding import BindingGuide, BindingSummary
from webhook.explain.ruledoc import rules_about
from webhook.kube.fieldpath import look_up
from webhook.plugins.gates import BETA_MEANS_ON, GATES
from webhook.plugins.registry import Registry
from webhook.rules import RULE_NAMED, RULES
from webhook.rules.base import Finding
from webhook.rules.plan import plan
from webhook.vmi.bindings import BINDINGS
from webhook.vmi.spec import VMISpec
from webhook.vmi.vmi import VMI

every_guide = pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
TEXTS = [field.name for field in dataclasses.fields(BindingGuide) if field.type == "str" or field.type is str]
MAX_WORD_LENGTH = 11


def test_each_binding_that_kubevirt_has_is_explained() -> None:
    assert sorted(guide.field for guide in GUIDES) == sorted(binding.field for binding in BINDINGS)


def test_no_two_bindings_answer_to_one_name() -> None:
    names = [name for guide in GUIDES for name in dict.fromkeys(guide.names)]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("passtBinding", "passt"), ("PASST", "passt"), ("binding", "plugin"), ("sr-iov", "sriov"), ("SR-IOV", "sriov"), ("slirp", None)],
)
def test_a_binding_is_found_by_any_of_its_names_in_any_case(name: str, meant: str | None) -> None:
    found = guide_named(name)
    assert (found.name if found is not None else None) == meant


@every_guide
def test_a_guide_is_told_in_plain_ascii_and_leaves_nothing_out(guide: BindingGuide) -> None:
    assert len(TEXTS) > 10
    for text in (getattr(guide, name) for name in TEXTS):
        assert text.strip()
        assert text.isascii()


@every_guide
def test_a_glance_has_no_word_that_a_narrow_column_would_cut(guide: BindingGuide) -> None:
    words = [word for field in dataclasses.fields(BindingSummary) for word in getattr(guide.glance, field.name).split()]
    assert [word for word in [guide.name, *words] if len(word) > MAX_WORD_LENGTH or not word.isascii()] == []


@every_guide
def test_every_rule_accepts_a_guide_s_example(guide: BindingGuide) -> None:
    assert [finding.message for finding in findings_in(guide)] == []


@every_guide
def test_a_guide_s_example_uses_the_binding(guide: BindingGuide) -> None:
    interfaces = [interface for vm in vms(guide) for interface in vm["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"]]
    assert any(guide.field in interface for interface in interfaces)


def test_what_the_passt_guide_says_of_its_gate_is_what_the_rules_go_by() -> None:
    guide = guide_named("passt")
    assert guide is not None
    came_with = GATES["PasstBinding"][0].since
    assert f"off by default in {came_with} " in guide.needs
    assert f"from {BETA_MEANS_ON} it is on" in guide.needs
    assert guide.since == came_with


def test_only_bridge_and_sriov_promise_hotplug() -> None:
    assert [guide.name for guide in GUIDES if not guide.hotplug.startswith("No")] == ["bridge", "sriov"]
    assert [guide.name for guide in GUIDES if guide.glance.hotplug != "no"] == ["bridge", "sriov"]


def test_the_rules_about_a_binding_are_those_whose_violation_names_it() -> None:
    about = {guide.name: [rule.name for rule in rules_about(guide, RULES)] for guide in GUIDES}
    assert "masquerade-without-pod-network" in about["masquerade"]
    assert "unregistered-plugin" in about["plugin"]
    assert "unknown-domain-attachment-type" in about["plugin"]
    assert not any("network-without-interface" in names for names in about.values())


def test_a_rule_that_names_a_binding_in_its_examples_only_is_not_about_it() -> None:
    masquerade = guide_named("masquerade")
    assert masquerade is not None
    assert rules_about(masquerade, [RULE_NAMED["network-without-interface"]]) == []


def documents(guide: BindingGuide) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(guide.example))


def vms(guide: BindingGuide) -> list[dict[str, Any]]:
    found = [document for document in documents(guide) if document["kind"] == "VirtualMachine"]
    assert found
    return found


def plugins(guide: BindingGuide) -> Mapping[str, Mapping[str, Any]]:
    at = ("spec", "configuration", "network", "binding")
    found = [look_up(document, at) for document in documents(guide) if document["kind"] == "KubeVirt"]
    return {name: plugin for each in found if isinstance(each, dict) for name, plugin in each.items()}


def findings_in(guide: BindingGuide) -> Iterator[Finding]:
    registered: Registry = registry(plugins(guide))
    chosen = plan(RULES, registered, {}, upstream_answers=False)
    for name, plugin in plugins(guide).items():
        yield from chosen.evaluate_registration(registration(name, **plugin), ())
    for vm in vms(guide):
        yield from chosen.evaluate_vmi(VMI(msgspec.convert(vm["spec"]["template"]["spec"], VMISpec)), ())
