from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, registry, vmi
from webhook.rules.bindings.passt_without_pod_network import RULE

BLUE = vmi(interface("blue", passtBinding={}), networks=[multus("blue")])


def test_passt_on_the_pod_network_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface(passtBinding={})))


def test_passt_on_a_multus_network_is_found() -> None:
    assert_found(RULE, BLUE, field="domain.devices.interfaces[0].passtBinding", message='"blue" is not the pod network')


def test_a_missing_network_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface("blue", passtBinding={}), networks=[]))


def test_before_1_8_the_field_is_no_binding() -> None:
    assert_accepted(RULE, BLUE, registry(version="1.7"))


def test_other_bindings_may_be_elsewhere() -> None:
    assert_accepted(RULE, vmi(interface("blue", bridge={}), networks=[multus("blue")]))
