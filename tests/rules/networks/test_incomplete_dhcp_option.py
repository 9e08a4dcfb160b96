import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, vmi
from webhook.rules.networks.incomplete_dhcp_option import RULE

OPTIONS = "domain.devices.interfaces[0].dhcpOptions.privateOptions"


@pytest.mark.parametrize("options", [None, [], [{"option": 240, "value": "x"}], [{"option": 240, "value": ""}]])
def test_options_with_values_are_accepted(options: object) -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, dhcpOptions={"privateOptions": options})))


def test_each_option_without_a_value_is_found_on_any_network() -> None:
    options = [{"option": 240}, {"option": 241, "value": "x"}, {"option": 242, "value": None}]
    found = vmi(interface(bridge={}, dhcpOptions={"privateOptions": options}), networks=[multus("default")])
    assert_found(RULE, found, field=[f"{OPTIONS}[0]", f"{OPTIONS}[2]"], message="has no value")
