import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, vmi
from webhook.rules.networks.duplicate_acpi_index import RULE

FIRST = interface("a", masquerade={}, acpiIndex=5)


def test_indexes_of_their_own_are_accepted() -> None:
    assert_accepted(RULE, vmi(FIRST, interface("b", bridge={}, acpiIndex=6), interface("c", bridge={}), interface("d", bridge={})))


def test_the_index_of_an_interface_before_is_found() -> None:
    second = interface("b", bridge={}, acpiIndex=5)
    third = interface("c", bridge={}, acpiIndex=5)
    assert_found(
        RULE,
        vmi(FIRST, second, third),
        field=["domain.devices.interfaces[1].acpiIndex", "domain.devices.interfaces[2].acpiIndex"],
        message='interface "a" has acpiIndex 5 too',
    )


@pytest.mark.parametrize("other", [{"sriov": {}}, {"bridge": {}, "state": "absent"}])
def test_what_gets_no_index_in_the_domain_is_accepted(other: dict[str, object]) -> None:
    without = interface("b", acpiIndex=5, **other)
    assert_accepted(RULE, vmi(FIRST, without))
    assert_accepted(RULE, vmi(without, FIRST))


@pytest.mark.parametrize("index", [0, -1])
def test_an_index_that_kubevirt_does_not_use_is_accepted(index: int) -> None:
    assert_accepted(RULE, vmi(interface("a", masquerade={}, acpiIndex=index), interface("b", bridge={}, acpiIndex=index)))
