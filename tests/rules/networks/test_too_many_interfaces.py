from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, vmi
from webhook.rules.networks.too_many_interfaces import RULE


def test_256_of_each_are_accepted() -> None:
    assert_accepted(RULE, vmi(*(interface(f"i{index}", bridge={}) for index in range(256))))


def test_one_more_is_found_in_each_list() -> None:
    many = vmi(*(interface(f"i{index}", bridge={}) for index in range(257)))
    assert_found(RULE, many, field=["domain.devices.interfaces", "networks"], message="there are 257")
    networks = vmi(interface("i0", bridge={}), networks=[multus(f"i{index}") for index in range(300)])
    assert_found(RULE, networks, field="networks", message="there are 300 networks")
