import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, multus, no_registry, registry, vmi
from tests.rules.networks.dra import GATE_OFF, GATE_ON, dra
from webhook.rules.networks.dra_without_sriov_or_plugin import RULE

FIRST = "domain.devices.interfaces[0]"
BRIDGED = vmi(interface("fast", bridge={}), networks=[dra("fast")])


@pytest.mark.parametrize("binding", ["sriov", "binding"])
def test_sriov_or_a_plugin_is_accepted(binding: str) -> None:
    assert_accepted(RULE, vmi(interface("fast", **{binding: {}}), networks=[dra("fast")]), GATE_ON)


def test_both_are_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface("fast", sriov={}, bridge={}), networks=[dra("fast")]), GATE_ON)


@pytest.mark.parametrize("binding", ["bridge", "masquerade", "passtBinding"])
def test_other_bindings_are_found(binding: str) -> None:
    wrong = vmi(interface("fast", **{binding: {}}), networks=[dra("fast")])
    assert_found(RULE, wrong, GATE_ON, field=FIRST, message=f'interface "fast" has {binding}', accepted="use sriov")


def test_no_binding_is_found() -> None:
    assert_found(RULE, vmi(interface("fast"), networks=[dra("fast")]), GATE_ON, field=FIRST, message="has no binding")


def test_of_several_interfaces_with_one_name_the_first_is_asked() -> None:
    two = [interface("fast", sriov={}), interface("fast", bridge={})]
    assert_accepted(RULE, vmi(*two, networks=[dra("fast")]), GATE_ON)
    assert_found(RULE, vmi(*reversed(two), networks=[dra("fast")]), GATE_ON, field=FIRST)


def test_two_networks_with_one_name_are_told_once() -> None:
    assert_found(RULE, vmi(interface("fast", bridge={}), networks=[dra("fast"), dra("fast", request="two")]), GATE_ON, field=FIRST)


def test_interfaces_on_other_networks_are_not_asked() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}), interface("fast", sriov={}), networks=[POD_NETWORK, dra("fast")]), GATE_ON)


def test_a_network_without_interface_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(networks=[dra("fast")]), GATE_ON)


def test_the_gate_off_and_multus_are_other_rules_business() -> None:
    assert_accepted(RULE, BRIDGED, GATE_OFF)
    assert_accepted(RULE, vmi(interface("fast", bridge={}), networks=[dra("fast"), multus("blue")]), GATE_ON)


def test_from_1_10_only_a_plugin_uses_a_claim() -> None:
    sriov = vmi(interface("fast", sriov={}), networks=[dra("fast")])
    assert_found(
        RULE, sriov, registry(version="1.10"), field=FIRST, message="from KubeVirt 1.10 on a network with resourceClaim needs a plugin"
    )
    assert_found(RULE, BRIDGED, registry(version="1.10"), field=FIRST, accepted="use a plugin")
    assert_accepted(RULE, vmi(interface("fast", binding={"name": "x"}), networks=[dra("fast")]), registry(version="1.10"))


def test_an_unknown_release_is_not_the_next_one() -> None:
    assert_accepted(RULE, vmi(interface("fast", sriov={}), networks=[dra("fast")]), registry(gates=("NetworkDevicesWithDRA",)))


def test_where_nobody_knows_the_gate_it_is_taken_to_be_on() -> None:
    assert_found(RULE, BRIDGED, no_registry(), field=FIRST)
