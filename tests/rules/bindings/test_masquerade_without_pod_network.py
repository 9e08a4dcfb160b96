from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, vmi
from webhook.rules.bindings.masquerade_without_pod_network import RULE


def test_masquerade_on_the_pod_network_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={})))


def test_masquerade_on_a_multus_network_is_found() -> None:
    blue = vmi(interface("blue", masquerade={}), networks=[multus("blue")])
    assert_found(RULE, blue, field="domain.devices.interfaces[0].masquerade", message='"blue" is not the pod network')


def test_a_missing_network_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface("blue", masquerade={}), networks=[]))


def test_of_two_networks_with_one_name_the_last_decides() -> None:
    assert_accepted(RULE, vmi(interface("n", masquerade={}), networks=[multus("n"), {"name": "n", "pod": {}}]))
