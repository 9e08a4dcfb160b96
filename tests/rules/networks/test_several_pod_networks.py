from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, multus, vmi
from webhook.rules.networks.several_pod_networks import RULE


def test_one_pod_network_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface()))
    assert_accepted(RULE, vmi(interface(), interface("blue")))


def test_none_is_accepted() -> None:
    assert_accepted(RULE, vmi(networks=[multus("blue"), multus("red")]))


def test_each_further_pod_network_is_found() -> None:
    three = vmi(networks=[multus("blue"), POD_NETWORK, {"name": "a", "pod": {}}, {"name": "b", "pod": {"vmNetworkCIDR": "10.0.2.0/24"}}])
    assert_found(RULE, three, field=["networks[2].pod", "networks[3].pod"], message='networks[1] ("default") is the pod network already')


def test_null_is_no_pod_network() -> None:
    assert_accepted(RULE, vmi(networks=[POD_NETWORK, {"name": "a", "pod": None}]))
