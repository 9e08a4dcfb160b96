"""Whichever decoder reads the objects of a review, the verdict is the same, byte by byte."""

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.reviews import BAD, GOOD, answer_to, review, rule_set, running, told, vm_object, vmi_object
from tests.admission.test_ratchet import INTERFACES, NETWORKS
from tests.builders import interface, multus
from webhook.admission.answer import Decision
from webhook.admission.review import open_review
from webhook.admission.validation import validate
from webhook.admission.verdict import encode
from webhook.rules import RULES
from webhook.rules.base import Action

EVERYTHING = rule_set(actions={rule.name: Action.DENY for rule in RULES})
MIGRATION = "kubevirt.io/allow-pod-bridge-network-live-migration"
METADATA = st.sampled_from([None, {"annotations": {MIGRATION: ""}}, {"annotations": None}, {"deletionTimestamp": "2026-01-01T00:00:00Z"}])


def assert_alike(body: bytes) -> None:
    """The verdict by the typed decoder is the one by the tolerant decoder."""
    typed = open_review(body)
    assert typed.objects is not None
    tolerant = msgspec.structs.replace(typed, objects=None)
    by_typed, by_tolerant = (encode(typed.request, validate(each, EVERYTHING), EVERYTHING, now=101.0) for each in (typed, tolerant))
    assert by_typed == by_tolerant


OBJECTS = st.builds(
    lambda of, interfaces, networks, metadata: of(*interfaces, networks=networks, metadata=metadata),
    st.sampled_from([vm_object, vmi_object]),
    INTERFACES,
    NETWORKS,
    METADATA,
)


@given(OBJECTS)
def test_a_creation_gets_the_same_verdict(new: dict[str, Any]) -> None:
    assert_alike(review(new))


@given(OBJECTS, OBJECTS, METADATA)
def test_an_update_gets_the_same_verdict(new: dict[str, Any], old: dict[str, Any], metadata: Any) -> None:
    assert_alike(review(new, {**old, "kind": new["kind"]}))
    assert_alike(review(new, {**new, "metadata": metadata}))
    assert_alike(review(new, operation="UPDATE"))


@pytest.mark.parametrize("spec", [None, {}, {"template": None}, {"template": {}}, {"template": {"spec": {}}}])
def test_a_missing_parent_gets_the_same_verdict(spec: Any) -> None:
    bare = {**vm_object(), "spec": spec}
    assert_alike(review(bare))
    assert_alike(review(bare, vm_object(BAD)))
    assert_alike(review(vm_object(BAD), bare))


def odd(obj: dict[str, Any]) -> dict[str, Any]:
    """The same VM with a value of the wrong type that no rule reads."""
    changed = copy.deepcopy(obj)
    changed["metadata"]["annotations"] = {"odd": 5}
    return changed


def test_a_plugin_nic_that_an_update_adds_is_denied_whichever_of_both_objects_does_not_fit() -> None:
    strict = rule_set(actions={"plugin-nic-not-hotpluggable": Action.DENY})
    old = running(vm_object(interface("a", masquerade={})))
    two = (interface("a", masquerade={}), interface("b", binding={"name": "blue"}))
    new = running(vm_object(*two, networks=[{"name": "a", "pod": {}}, multus("b")]))
    for body in (review(new, old), review(odd(new), odd(old)), review(odd(new), old), review(new, odd(old))):
        answer = answer_to(body, strict)
        assert (answer.decision, told(answer)) == (Decision.DENIED, [("plugin-nic-not-hotpluggable", "deny")])


@pytest.mark.parametrize("obj", [vm_object(GOOD), odd(vm_object(GOOD))])
def test_where_nobody_knows_what_is_registered_a_plugin_gets_a_warning_whichever_decoder_reads_it(obj: dict[str, Any]) -> None:
    by = msgspec.structs.replace(rule_set(), unchecked="there is no KubeVirt CR")
    assert told(answer_to(review(obj), by)) == [("unregistered-plugin", "warn")]
