from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, multus, vmi
from webhook.rules.networks.default_network_beside_pod_network import RULE


def test_a_default_network_alone_is_accepted() -> None:
    assert_accepted(RULE, vmi(networks=[multus("blue", default=True)]))
    assert_accepted(RULE, vmi(networks=[multus("blue", default=True), multus("red")]))


def test_secondary_networks_beside_the_pod_network_are_accepted() -> None:
    assert_accepted(RULE, vmi(networks=[POD_NETWORK, multus("blue"), multus("red", default=False)]))


def test_a_default_network_is_found_on_either_side_of_the_pod_network() -> None:
    both = vmi(networks=[multus("blue", default=True), POD_NETWORK, multus("red", default=True)])
    fields = ["networks[0].multus.default", "networks[2].multus.default"]
    assert_found(RULE, both, field=fields, message='network "default" is the pod network', accepted="remove default from network")


def test_a_network_that_is_both_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(networks=[{**multus("blue", default=True), "pod": {}}, multus("red")]))
