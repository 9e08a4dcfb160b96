from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, registry, vmi
from webhook.rules.bindings.bridge_not_permitted import RULE

FORBIDDEN = registry(permit_bridge_on_pod_network=False)


def test_a_forbidden_bridge_on_the_pod_network_is_found() -> None:
    field = "domain.devices.interfaces[0].bridge"
    assert_found(RULE, vmi(interface("n", bridge={})), FORBIDDEN, field=field, message='interface "n" is a bridge on the pod network')


def test_a_bridge_is_permitted_by_default() -> None:
    assert_accepted(RULE, vmi(interface(bridge={})))


def test_a_bridge_on_a_multus_network_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface("blue", bridge={}), networks=[multus("blue")]), FORBIDDEN)


def test_a_bridge_without_network_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}), networks=[]), FORBIDDEN)


def test_masquerade_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={})), FORBIDDEN)
