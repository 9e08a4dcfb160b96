import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, vmi
from webhook.rules.networks.dhcp_option_out_of_range import RULE

OPTION = "domain.devices.interfaces[0].dhcpOptions.privateOptions[0].option"


@pytest.mark.parametrize("options", [{}, {"privateOptions": []}, {"privateOptions": [{"option": 224}, {"option": 254}]}])
def test_private_options_are_accepted(options: dict[str, object]) -> None:
    assert_accepted(RULE, vmi(interface(dhcpOptions=options)))


@pytest.mark.parametrize(
    ("option", "shown"),
    [(223, "is 223"), (255, "is 255"), (0, "is 0"), (-224, "is -224"), (None, "is missing"), (1 << 70, "is a 71-bit number")],
)
def test_any_other_number_is_found(option: int | None, shown: str) -> None:
    found = vmi(interface(dhcpOptions={"privateOptions": [{"option": option}]}))
    assert_found(RULE, found, field=OPTION, message=f"option {shown}", accepted="from 224 to 254")


def test_the_network_does_not_matter() -> None:
    found = interface(bridge={}, dhcpOptions={"privateOptions": [{"option": 66}]})
    assert_found(RULE, vmi(found, networks=[multus("default")]), field=OPTION)
