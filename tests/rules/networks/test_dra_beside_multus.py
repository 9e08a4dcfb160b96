from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, multus, no_registry, registry
from tests.rules.networks.dra import GATE_OFF, GATE_ON, dra, dra_vmi
from webhook.rules.networks.dra_beside_multus import RULE

MIXED = dra_vmi(POD_NETWORK, multus("blue"), dra("fast"), multus("red"))


def test_the_pod_network_beside_dra_networks_is_accepted() -> None:
    assert_accepted(RULE, dra_vmi(POD_NETWORK, dra("fast"), dra("faster")), GATE_ON)


def test_multus_networks_alone_are_accepted() -> None:
    assert_accepted(RULE, dra_vmi(POD_NETWORK, multus("blue")), GATE_ON)


def test_multus_beside_dra_is_found_at_the_first_multus_network() -> None:
    told = 'network "blue" has multus and network "fast" has resourceClaim'
    assert_found(RULE, MIXED, GATE_ON, field="networks[1].multus", message=told)


def test_one_network_that_is_both_is_found() -> None:
    assert_found(RULE, dra_vmi({**dra("fast"), **multus("fast")}), GATE_ON, field="networks[0].multus")


def test_the_gate_off_is_another_rule_s_business() -> None:
    assert_accepted(RULE, MIXED, GATE_OFF)
    assert_accepted(RULE, MIXED, registry(version="1.8", gates=("NetworkDevicesWithDRA",)))


def test_where_nobody_knows_the_gate_it_is_taken_to_be_on() -> None:
    assert_found(RULE, MIXED, no_registry(), field="networks[1].multus")
