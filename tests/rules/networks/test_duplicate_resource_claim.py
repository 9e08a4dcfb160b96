from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, multus
from tests.rules.networks.dra import GATE_OFF, GATE_ON, dra, dra_vmi
from webhook.rules.networks.duplicate_resource_claim import RULE


def test_several_requests_of_one_claim_are_accepted() -> None:
    assert_accepted(RULE, dra_vmi(dra("fast"), dra("faster")), GATE_ON)


def test_requests_of_one_name_in_several_claims_are_accepted() -> None:
    assert_accepted(RULE, dra_vmi(dra("fast", "a", "nic"), dra("faster", "b", "nic"), claims=("a", "b")), GATE_ON)


def test_each_later_use_of_a_device_is_found() -> None:
    four = dra_vmi(dra("a", request=""), POD_NETWORK, dra("b", request="nic"), dra("c", request="nic"), dra("d", request="nic"))
    fields = ["networks[3].resourceClaim", "networks[4].resourceClaim"]
    assert_found(RULE, four, GATE_ON, field=fields, message='networks[2] uses claim and request "nics/nic" too')


def test_names_are_compared_joined_as_kubevirt_does() -> None:
    assert_found(RULE, dra_vmi(dra("fast", "a/b", "c"), dra("faster", "a", "b/c")), GATE_ON, field="networks[1].resourceClaim")


def test_incomplete_claims_are_another_rule_s_business() -> None:
    assert_accepted(RULE, dra_vmi(dra("a", request=""), dra("b", request=""), dra("c", "", "c"), dra("d", "", "c")), GATE_ON)


def test_the_gate_off_and_multus_are_other_rules_business() -> None:
    twice = [dra("a", request="nic"), dra("b", request="nic")]
    assert_accepted(RULE, dra_vmi(*twice), GATE_OFF)
    assert_accepted(RULE, dra_vmi(*twice, multus("blue")), GATE_ON)
