from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, vmi
from webhook.rules.networks.duplicate_interface_name import RULE


def test_names_that_differ_are_accepted() -> None:
    assert_accepted(RULE, vmi(interface("blue"), interface("Blue")))
    assert_accepted(RULE, vmi(networks=[]))


def test_each_later_interface_of_a_name_is_found() -> None:
    three = vmi(interface(), interface("blue"), interface(), interface(), networks=[POD_NETWORK])
    fields = ["domain.devices.interfaces[2].name", "domain.devices.interfaces[3].name"]
    assert_found(RULE, three, field=fields, message='interfaces[0] is named "default" too')


def test_no_name_and_the_empty_name_are_one() -> None:
    assert_found(RULE, vmi({"bridge": {}}, interface(""), networks=[]), field="domain.devices.interfaces[1].name", message='named ""')
