import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, multus
from tests.rules.networks.dra import GATE_OFF, GATE_ON, dra, dra_vmi
from webhook.rules.networks.incomplete_resource_claim import RULE

CLAIM_NAME = "networks[0].resourceClaim.claimName"
REQUEST_NAME = "networks[0].resourceClaim.requestName"


def test_both_names_are_accepted() -> None:
    assert_accepted(RULE, dra_vmi(POD_NETWORK, dra("fast")), GATE_ON)


@pytest.mark.parametrize(
    ("claim", "missing"),
    [
        ({"requestName": "fast"}, [CLAIM_NAME]),
        ({"claimName": "", "requestName": "fast"}, [CLAIM_NAME]),
        ({"claimName": "nics"}, [REQUEST_NAME]),
        ({"claimName": "nics", "requestName": ""}, [REQUEST_NAME]),
        ({}, [CLAIM_NAME, REQUEST_NAME]),
    ],
)
def test_each_missing_name_is_found(claim: dict[str, str], missing: list[str]) -> None:
    assert_found(RULE, dra_vmi({"name": "fast", "resourceClaim": claim}), GATE_ON, field=missing, message='of network "fast" has no')


def test_the_gate_off_and_multus_are_other_rules_business() -> None:
    assert_accepted(RULE, dra_vmi(dra("fast", claim=None)), GATE_OFF)
    assert_accepted(RULE, dra_vmi(dra("fast", claim=None), multus("blue")), GATE_ON)
