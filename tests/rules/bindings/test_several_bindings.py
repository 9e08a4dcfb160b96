from itertools import combinations

import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, registry, vmi
from webhook.rules.bindings.several_bindings import RULE
from webhook.vmi.bindings import BINDINGS, DISCONTINUED

AT = "domain.devices.interfaces[0]"
FIELDS = [binding.field for binding in BINDINGS]


@pytest.mark.parametrize(("first", "second"), list(combinations(FIELDS, 2)))
def test_any_two_are_found_at_the_second(first: str, second: str) -> None:
    both = vmi(interface("default", **{second: {}, first: {}}))
    assert_found(RULE, both, field=f"{AT}.{second}", message=f"has 2 bindings: {first}, {second}", accepted="keep one")


def test_all_are_named() -> None:
    every = vmi(interface("n", **{field: {} for field in FIELDS}))
    message = 'interface "n" has 5 bindings: bridge, masquerade, sriov, passtBinding, binding'
    assert_found(RULE, every, field=f"{AT}.masquerade", message=message)


@pytest.mark.parametrize("field", FIELDS)
def test_one_is_accepted(field: str) -> None:
    assert_accepted(RULE, vmi(interface("default", **{field: {}})))


def test_none_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface()))


@pytest.mark.parametrize("field", [binding.field for binding in DISCONTINUED])
def test_a_discontinued_method_does_not_count(field: str) -> None:
    assert_accepted(RULE, vmi(interface("default", **{field: {}, "bridge": {}})))


def test_a_method_that_kubevirt_does_not_know_yet_does_not_count() -> None:
    two = vmi(interface(masquerade={}, passtBinding={}))
    assert_accepted(RULE, two, registry(version="1.7"))
    assert_found(RULE, two, registry(version="1.8"), field=f"{AT}.passtBinding")
