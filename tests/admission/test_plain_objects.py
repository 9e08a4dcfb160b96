"""What does not decode at speed is checked from plain data: slower, and with the same verdict."""

import copy
from typing import Any

from hypothesis import given

from tests.admission.reviews import answer_to, review, rule_set, told, vm_object
from tests.admission.test_ratchet import INTERFACES, NETWORKS
from tests.builders import interface, multus
from webhook.admission.answer import Decision
from webhook.rules import RULES
from webhook.rules.base import Action

EVERYTHING = rule_set(actions={rule.name: Action.DENY for rule in RULES})


def slow(obj: dict[str, Any]) -> dict[str, Any]:
    """The same VM with something about it that no rule reads, and no decoder at speed takes."""
    odd = copy.deepcopy(obj)
    odd["metadata"]["annotations"] = {"odd": 5}
    return odd


@given(INTERFACES, NETWORKS, INTERFACES, NETWORKS)
def test_an_update_gets_the_same_verdict_whichever_way_it_is_read(
    interfaces: list[Any], networks: list[Any], before: list[Any], networks_before: list[Any]
) -> None:
    new, old = vm_object(*interfaces, networks=networks), vm_object(*before, networks=networks_before)
    assert told(answer_to(review(slow(new), slow(old)), EVERYTHING)) == told(answer_to(review(new, old), EVERYTHING))


@given(INTERFACES, NETWORKS)
def test_a_creation_gets_the_same_verdict_whichever_way_it_is_read(interfaces: list[Any], networks: list[Any]) -> None:
    new = vm_object(*interfaces, networks=networks)
    assert told(answer_to(review(slow(new)), EVERYTHING)) == told(answer_to(review(new), EVERYTHING))


def test_a_plugin_nic_that_an_update_adds_is_denied_whichever_way_it_is_read() -> None:
    strict = rule_set(actions={"plugin-nic-not-hotpluggable": Action.DENY})
    old = vm_object(interface("a", masquerade={}))
    two = (interface("a", masquerade={}), interface("b", binding={"name": "blue"}))
    new = vm_object(*two, networks=[{"name": "a", "pod": {}}, multus("b")])
    for body in (review(new, old), review(slow(new), slow(old)), review(slow(new), old), review(new, slow(old))):
        answer = answer_to(body, strict)
        assert (answer.decision, told(answer)) == (Decision.DENIED, [("plugin-nic-not-hotpluggable", "deny")])
