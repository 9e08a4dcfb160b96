from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, multus, vmi
from tests.rules.networks.dra import GATE_OFF, GATE_ON, dra, dra_vmi
from webhook.rules.networks.resource_claim_not_found import RULE

CLAIM_NAME = "networks[0].resourceClaim.claimName"


def test_a_claim_of_the_vm_is_accepted() -> None:
    assert_accepted(RULE, dra_vmi(dra("fast"), POD_NETWORK, claims=("gpus", "nics")), GATE_ON)


def test_each_unknown_claim_is_found() -> None:
    two = dra_vmi(dra("fast", claim="cards"), dra("faster"), dra("fastest", claim="cards"))
    fields = [CLAIM_NAME, "networks[2].resourceClaim.claimName"]
    assert_found(RULE, two, GATE_ON, field=fields, message='no entry of resourceClaims is named "cards"')


def test_a_near_miss_is_told() -> None:
    assert_found(RULE, dra_vmi(dra("fast", claim="nisc")), GATE_ON, field=CLAIM_NAME, message='did you mean "nics"?')


def test_no_list_of_claims_is_an_empty_list() -> None:
    assert_found(RULE, vmi(networks=[dra("fast")]), GATE_ON, field=CLAIM_NAME)
    assert_found(RULE, vmi(networks=[dra("fast")], resourceClaims=[{}]), GATE_ON, field=CLAIM_NAME)


def test_an_incomplete_claim_is_another_rule_s_business() -> None:
    assert_accepted(RULE, dra_vmi(dra("fast", claim=""), dra("faster", claim="cards", request="")), GATE_ON)


def test_the_gate_off_and_multus_are_other_rules_business() -> None:
    assert_accepted(RULE, dra_vmi(dra("fast"), claims=()), GATE_OFF)
    assert_accepted(RULE, dra_vmi(dra("fast"), multus("blue"), claims=()), GATE_ON)
