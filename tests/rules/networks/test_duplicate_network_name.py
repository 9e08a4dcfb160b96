from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, multus, vmi
from webhook.rules.networks.duplicate_network_name import RULE


def test_names_that_differ_are_accepted() -> None:
    assert_accepted(RULE, vmi(interface(), networks=[POD_NETWORK, multus("blue"), multus("Blue")]))
    assert_accepted(RULE, vmi(networks=[]))


def test_each_later_network_of_a_name_is_found() -> None:
    three = vmi(interface(), networks=[multus("blue"), POD_NETWORK, multus("blue"), multus("blue")])
    assert_found(RULE, three, field=["networks[2].name", "networks[3].name"], message='networks[0] is named "blue" too')


def test_no_name_and_the_empty_name_are_one() -> None:
    assert_found(RULE, vmi(networks=[{"pod": {}}, {"name": "", "pod": {}}]), field="networks[1].name", message='named ""')
