from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, multus, vmi
from webhook.rules.networks.interface_without_network import RULE


def test_an_interface_with_a_network_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={})))


def test_each_interface_without_network_is_found() -> None:
    two = vmi(interface("blue", bridge={}), interface(), interface("red"), networks=[POD_NETWORK])
    fields = ["domain.devices.interfaces[0].name", "domain.devices.interfaces[2].name"]
    assert_found(RULE, two, field=fields, message="no network is named")


def test_a_near_miss_is_told() -> None:
    slip = vmi(interface("defualt"), networks=[POD_NETWORK, multus("blue")])
    assert_found(RULE, slip, field="domain.devices.interfaces[0].name", message='"defualt", so this interface', accepted="add a network")
    assert_found(RULE, slip, field="domain.devices.interfaces[0].name", message='did you mean "default"?')


def test_an_interface_without_a_name_is_reported_as_that_alone() -> None:
    assert_accepted(RULE, vmi({"bridge": {}}, networks=[{"name": "", "pod": {}}]))
    assert_accepted(RULE, vmi({"bridge": {}}, networks=[]))


def test_an_empty_network_name_is_never_what_was_meant() -> None:
    lone = vmi(interface("a"), networks=[{"name": "", "pod": {}}])
    assert_found(RULE, lone, field="domain.devices.interfaces[0].name", message="has no network")
