from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, multus, vmi
from webhook.rules.networks.network_without_interface import RULE


def test_a_network_with_an_interface_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={})))


def test_a_vmi_without_networks_and_interfaces_is_accepted() -> None:
    assert_accepted(RULE, vmi(networks=[]))


def test_each_network_without_interface_is_found() -> None:
    two = vmi(interface(masquerade={}), networks=[POD_NETWORK, multus("blue"), {}])
    assert_found(RULE, two, field=["networks[1].name", "networks[2].name"], message="no interface is named")


def test_an_interface_without_a_name_may_be_meant() -> None:
    assert_accepted(RULE, vmi({"masquerade": {}}, networks=[POD_NETWORK]))


def test_a_near_miss_is_told() -> None:
    slip = vmi(interface("default", masquerade={}), networks=[{"name": "defualt", "pod": {}}])
    assert_found(RULE, slip, field="networks[0].name", message='did you mean "default"?')
