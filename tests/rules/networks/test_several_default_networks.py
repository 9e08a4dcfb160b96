from tests.asserts import assert_accepted, assert_found
from tests.builders import multus, vmi
from webhook.rules.networks.several_default_networks import RULE


def test_one_default_network_is_accepted() -> None:
    assert_accepted(RULE, vmi(networks=[multus("blue", default=True), multus("red"), multus("green", default=False)]))
    assert_accepted(RULE, vmi(networks=[multus("blue", default=True)]))


def test_each_further_default_network_is_found() -> None:
    four = vmi(networks=[multus("a"), multus("b", default=True), multus("c", default=True), multus("d", default=True)])
    fields = ["networks[2].multus.default", "networks[3].multus.default"]
    assert_found(RULE, four, field=fields, message='networks[1] ("b") is the default network already')
