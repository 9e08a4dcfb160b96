import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, vmi
from webhook.rules.networks.duplicate_dhcp_option import RULE

OPTIONS = "domain.devices.interfaces[0].dhcpOptions.privateOptions"


@pytest.mark.parametrize("options", [{}, {"privateOptions": []}, {"privateOptions": [{"option": 240}, {"option": 241}]}])
def test_different_options_are_accepted(options: dict[str, object]) -> None:
    assert_accepted(RULE, vmi(interface(dhcpOptions=options)))


def test_every_use_after_the_first_is_found() -> None:
    thrice = vmi(interface(dhcpOptions={"privateOptions": [{"option": 1}, {"option": 240}, {"option": 240}, {"option": 240}]}))
    assert_found(RULE, thrice, field=[f"{OPTIONS}[2].option", f"{OPTIONS}[3].option"], message="privateOptions[1] has option 240 too")


def test_an_absent_number_counts_as_zero() -> None:
    twice = vmi(interface(dhcpOptions={"privateOptions": [{"option": 0}, {}]}))
    assert_found(RULE, twice, field=f"{OPTIONS}[1].option", message="has option 0 too")


def test_the_network_does_not_matter() -> None:
    twice = interface(bridge={}, dhcpOptions={"privateOptions": [{"option": 240}, {"option": 240}]})
    assert_found(RULE, vmi(twice, networks=[multus("default")]), field=f"{OPTIONS}[1].option")


def test_an_enormous_number_is_told_by_its_size() -> None:
    twice = vmi(interface(dhcpOptions={"privateOptions": [{"option": 16**5000}, {"option": 16**5000}]}))
    assert_found(RULE, twice, field=f"{OPTIONS}[1].option", message="a 20001-bit number")
