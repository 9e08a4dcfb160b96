"""On an update only what changed can deny."""

import copy
import random
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.reviews import BAD, GOOD, answer_to, review, rule_set, told, vm_object, vmi_object
from tests.builders import interface, multus
from webhook.admission.answer import Answer, Decision
from webhook.kube.shape import MAX_MISFITS
from webhook.plugins.registry import Registry
from webhook.rules import RULES
from webhook.rules.base import Action, Group, Mistakes, SpecRule, Violation
from webhook.rules.plan import plan
from webhook.vmi.vmi import VMI

WARNED = [("unregistered-plugin", "warn")]
DENIED = [("unregistered-plugin", "deny")]
POD = {"name": "default", "pod": {}}


def updated(old: dict[str, Any], new: dict[str, Any]) -> Answer:
    return answer_to(review(new, old))


def plugin(name: str, binding: str, **fields: Any) -> dict[str, Any]:
    return interface(name, binding={"name": binding}, **fields)


@pytest.mark.parametrize("of", [vm_object, vmi_object])
@pytest.mark.parametrize("metadata", [{"finalizers": ["x"]}, {"labels": {"a": "b"}}, {"annotations": {"a": "b"}}])
def test_an_update_of_metadata_never_denies(of: Any, metadata: dict[str, Any]) -> None:
    answer = updated(of(BAD), of(BAD, metadata=metadata))
    assert (answer.decision, told(answer)) == (Decision.ALLOWED, WARNED)


def test_an_update_of_metadata_never_denies_even_where_annotations_decide() -> None:
    by = rule_set(actions={rule.name: Action.DENY for rule in RULES})
    live = {"annotations": {"kubevirt.io/allow-pod-bridge-network-live-migration": ""}}
    old = vmi_object(interface(bridge={}), metadata=live, evictionStrategy="LiveMigrate")
    assert answer_to(review(vmi_object(interface(bridge={}), evictionStrategy="LiveMigrate"), old), by).decision is Decision.ALLOWED


def test_annotations_of_a_template_are_of_its_spec_and_those_of_a_vmi_are_not() -> None:
    def check(vmi: VMI, _registry: Registry) -> Mistakes:
        return () if "kept" in vmi.annotations else [Violation(("evictionStrategy",), "not kept", "keep it")]

    known = rule_set()
    rule = SpecRule(name="kept", group=Group.CONSEQUENCES, check=check)
    by = msgspec.structs.replace(known, plan=plan([rule], known.registry, {}, upstream_answers=True))
    old, new = vm_object(GOOD), vm_object(GOOD)
    old["spec"]["template"]["metadata"] = {"annotations": {"kept": ""}}
    assert answer_to(review(new, old), by).decision is Decision.DENIED
    of_vmi = vmi_object(GOOD, metadata={"annotations": {"kept": ""}})
    assert answer_to(review(vmi_object(GOOD), of_vmi), by).decision is Decision.ALLOWED


def test_another_value_of_the_wrong_type_denies_where_there_is_no_vmi_spec() -> None:
    old, new = ({**vm_object(), "spec": {"template": value}} for value in (5, "x"))
    assert told(updated(old, new)) == [("wrong-type", "deny")]
    assert told(updated(old, {**old, "metadata": {"labels": {}}})) == [("wrong-type", "warn")]


def test_an_unchanged_interface_is_warned_about_while_something_else_changes() -> None:
    assert told(updated(vm_object(BAD), vm_object(BAD, evictionStrategy="None"))) == WARNED


def test_an_unchanged_binding_is_warned_about_while_its_interface_changes() -> None:
    assert told(updated(vm_object(BAD), vm_object({**BAD, "model": "virtio"}))) == WARNED


def test_a_changed_interface_denies_for_what_is_new_about_it() -> None:
    answer = updated(vm_object(BAD), vm_object({**BAD, "model": "virtualo"}))
    assert told(answer) == [("unknown-model", "deny"), *WARNED]


def test_a_changed_binding_denies() -> None:
    assert told(updated(vm_object(GOOD), vm_object(BAD))) == DENIED


def test_one_wrong_plugin_in_place_of_another_denies() -> None:
    assert told(updated(vm_object(BAD), vm_object(plugin("default", "bleu")))) == DENIED


def test_a_new_interface_denies_and_the_old_one_only_warns() -> None:
    networks = [POD, multus("b")]
    answer = updated(vm_object(BAD), vm_object(BAD, plugin("b", "blu"), networks=networks))
    assert [(f.rule, str(f.severity), f.path[-3]) for f in answer.findings if f.rule == "unregistered-plugin"] == [
        ("unregistered-plugin", "deny", 1),
        ("unregistered-plugin", "warn", 0),
    ]


def test_a_renamed_interface_is_a_new_one() -> None:
    answer = updated(vm_object(BAD), vm_object(plugin("other", "blu")))
    assert ("unregistered-plugin", "deny") in told(answer)


def test_a_second_interface_of_the_same_name_and_violation_is_not_covered_by_the_first() -> None:
    old = vm_object(interface("a", binding={"name": "blue"}, model="odd"), networks=[POD])
    new = vm_object(plugin("a", "blue", model="odd"), plugin("a", "blue", model="odd"), networks=[POD])
    assert [severity for rule, severity in told(updated(old, new)) if rule == "unknown-model"] == ["deny", "warn"]


def test_a_binding_that_is_wrong_without_a_preference_warns_when_the_preference_goes() -> None:
    bare = vm_object(interface())
    preferring = copy.deepcopy(bare)
    preferring["spec"]["preference"] = {"name": "windows"}
    assert told(updated(preferring, bare)) == [("no-binding", "warn")]


def test_two_networks_that_swap_places_are_no_new_violation() -> None:
    a, b = interface("a", masquerade={}), interface("b", masquerade={})
    pods = [{"name": "a", "pod": {}}, {"name": "b", "pod": {}}]
    old = vm_object(a, b, networks=pods)
    assert updated(old, vm_object(a, b, networks=pods[::-1])).decision is Decision.ALLOWED
    more = vm_object(a, b, interface("c", sriov={}), networks=[*pods[::-1], multus("c")])
    assert updated(old, more).decision is Decision.ALLOWED


def test_a_violation_that_moves_in_a_list_while_its_interface_changes_is_no_new_one() -> None:
    twice, other = {"name": "http", "port": 80}, {"name": "dns", "port": 53}
    old = vm_object(interface(masquerade={}, ports=[twice, twice, other]))
    new = vm_object(interface(masquerade={}, ports=[other, twice, twice], model="virtio"))
    assert told(updated(old, new)) == [("duplicate-port-name", "warn")]


def test_two_interfaces_that_swap_places_are_no_new_violation() -> None:
    a, b = interface("a", masquerade={}, bootOrder=1), interface("b", bridge={}, bootOrder=1)
    networks = [{"name": "a", "pod": {}}, multus("b"), multus("c")]
    old = vm_object(a, b, networks=networks[:2])
    assert ("duplicate-boot-order", "warn") in told(updated(old, vm_object(b, a, interface("c", sriov={}), networks=networks)))


def test_lists_in_another_order_are_warned_about_as_before() -> None:
    networks = [POD, multus("b")]
    old = vm_object(BAD, plugin("b", "blue"), networks=networks)
    assert told(updated(old, vm_object(plugin("b", "blue"), BAD, networks=networks))) == WARNED


def test_a_message_that_names_another_index_is_no_new_violation() -> None:
    nics = [interface(name, bridge={}) for name in "abc"]
    first, second, changed = (multus(name, f"ns/{of}", default=True) for name, of in ("aa", "bb", "bc"))
    old = vm_object(*nics[:2], networks=[first, second])
    new = vm_object(*nics, networks=[multus("c"), first, changed])
    assert told(updated(old, new)) == [("several-default-networks", "warn")]


def test_a_new_network_that_makes_an_old_one_wrong_denies() -> None:
    a, b = interface("a", masquerade={}), interface("b", masquerade={})
    old = vm_object(a, networks=[{"name": "a", "pod": {}}])
    new = vm_object(b, a, networks=[{"name": "b", "pod": {}}, {"name": "a", "pod": {}}])
    assert ("several-pod-networks", "deny") in told(updated(old, new))


def test_a_value_of_the_wrong_type_that_was_there_before_warns() -> None:
    odd = vm_object(interface(masquerade="yes"))
    assert updated(odd, {**odd, "metadata": {"labels": {"a": "b"}}}).decision is Decision.ALLOWED
    other = copy.deepcopy(odd)
    other["spec"]["running"] = True
    assert updated(odd, other).decision is Decision.ALLOWED
    assert updated(vm_object(GOOD), odd).decision is Decision.DENIED


def test_interfaces_that_are_no_list_warn_while_something_else_changes() -> None:
    old, new = vm_object(), vm_object(evictionStrategy="None")
    for obj in (old, new):
        obj["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"] = 5
    assert ("wrong-type", "warn") in told(updated(old, new))
    assert updated(old, new).decision is Decision.ALLOWED


@pytest.mark.parametrize("of", [vm_object, vmi_object])
def test_a_new_value_of_the_wrong_type_denies_where_nothing_else_changes(of: Any) -> None:
    assert told(updated(of(interface(masquerade={})), of(interface(masquerade={}, model=5)))) == [("wrong-type", "deny")]


def test_the_same_wrong_value_in_another_field_denies() -> None:
    old, new = interface(masquerade={}, model=5), interface(masquerade={}, macAddress=5, bootOrder=1)
    assert told(updated(vm_object(old), vm_object(new))) == [("wrong-type", "deny")]


def test_values_of_the_wrong_type_may_move_in_a_list() -> None:
    networks = [POD, multus("b")]
    a, b = interface(masquerade={}, model=5), interface("b", bridge={}, state=6)
    assert told(updated(vm_object(a, b, networks=networks), vm_object(b, a, networks=networks))) == [("wrong-type", "warn")] * 2


def test_one_more_value_of_the_wrong_type_than_can_be_read_denies() -> None:
    """With so many the object is read as empty, so that indices lead to no interface."""
    old = vm_object(*(interface(f"n{number}", masquerade={}, model=5) for number in range(2 * MAX_MISFITS)))
    new = copy.deepcopy(old)
    new["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"][0]["model"] = 6
    severities = Counter(told(updated(old, new)))
    assert severities == {("wrong-type", "deny"): 1, ("wrong-type", "warn"): MAX_MISFITS - 1}


@pytest.mark.parametrize("old", [5, "text", []])
@pytest.mark.parametrize("new", [vm_object(BAD), vm_object(interface(masquerade="yes"))])
def test_an_update_whose_old_object_is_no_object_denies_nothing(old: object, new: dict[str, Any]) -> None:
    assert answer_to(review(new, old)).decision is Decision.ALLOWED
    assert answer_to(review(new, operation="UPDATE")).decision is Decision.ALLOWED


@pytest.mark.parametrize("old_spec", [{}, {"template": {}}, {"template": {"spec": {}}}, {"template": 5}, None])
def test_an_old_object_without_a_vmi_spec_covers_nothing(old_spec: object) -> None:
    new = vm_object(BAD)
    assert updated({**new, "spec": old_spec}, new).decision is Decision.DENIED


NAMES = st.sampled_from("abc")
INTERFACES = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={
            "binding": st.fixed_dictionaries({"name": st.sampled_from(["blue", "blu", ""])}),
            "masquerade": st.just({}),
            "bridge": st.just({}),
            "slirp": st.just({}),
            "model": st.sampled_from(["virtio", "odd"]),
            "macAddress": st.sampled_from(["02:00:00:00:00:01", "odd"]),
            "state": st.sampled_from(["absent", "odd"]),
            "ports": st.lists(st.fixed_dictionaries({"name": NAMES, "port": st.sampled_from([0, 80, 90000])}), max_size=3),
            "portRanges": st.lists(
                st.fixed_dictionaries({"start": st.integers(1, 5), "end": st.integers(1, 9), "protocol": st.just("TCP")}), max_size=3
            ),
        },
    ),
    max_size=4,
)
NETWORKS = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={"pod": st.just({}), "multus": st.fixed_dictionaries({}, optional={"networkName": NAMES, "default": st.booleans()})},
    ),
    max_size=4,
)
EVERYTHING = rule_set(actions={rule.name: Action.DENY for rule in RULES})


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same data, every list in another order."""
    if isinstance(value, dict):
        return {key: shuffled(item, chance) for key, item in value.items()}
    if isinstance(value, list):
        return chance.sample([shuffled(item, chance) for item in value], len(value))
    return value


@given(INTERFACES, NETWORKS, st.randoms(use_true_random=False), st.sampled_from([vm_object, vmi_object]))
def test_the_order_of_lists_never_denies(interfaces: list[Any], networks: list[Any], chance: random.Random, of: Any) -> None:
    old = of(*interfaces, networks=networks)
    assert answer_to(review(shuffled(old, chance), old), EVERYTHING).decision is Decision.ALLOWED


@given(INTERFACES, NETWORKS)
def test_an_update_that_only_adds_a_good_interface_never_denies(interfaces: list[Any], networks: list[Any]) -> None:
    old = vm_object(*interfaces, networks=[POD, *networks])
    new = vm_object(*interfaces, interface("new", sriov={}), networks=[POD, *networks, multus("new")])
    assert updated(old, new).decision is Decision.ALLOWED


@given(INTERFACES, NETWORKS, INTERFACES, NETWORKS)
def test_an_update_never_denies_what_would_be_allowed_when_created(
    interfaces: list[Any], networks: list[Any], before: list[Any], networks_before: list[Any]
) -> None:
    new = vm_object(*interfaces, networks=networks)
    created = answer_to(review(new)).decision
    changed = updated(vm_object(*before, networks=networks_before), new).decision
    assert changed is Decision.ALLOWED or created is Decision.DENIED
