from collections.abc import Mapping

import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, registry, vmi
from webhook.rules.networks.invalid_resource_claim import RULE
from webhook.vmi.vmi import VMI

GOOD = {"name": "nics", "resourceClaimName": "pool.of-nics"}


def claiming(*claims: Mapping[str, object]) -> VMI:
    return vmi(interface(masquerade={}), resourceClaims=list(claims))


def test_a_claim_with_a_name_and_one_source_is_accepted() -> None:
    assert_accepted(RULE, claiming(GOOD, {"name": "b", "resourceClaimTemplateName": "t"}))


@pytest.mark.parametrize(
    ("claim", "field", "message"),
    [
        ({**GOOD, "name": ""}, "[0].name", "has no name"),
        ({"resourceClaimName": "a"}, "[0].name", "has no name"),
        ({**GOOD, "name": "Nics"}, "[0].name", '"Nics" is not a DNS label'),
        ({"name": "nics"}, "[0]", "has neither resourceClaimName nor resourceClaimTemplateName"),
        ({**GOOD, "resourceClaimTemplateName": "t"}, "[0]", "has both"),
        ({"name": "nics", "resourceClaimName": "A_b"}, "[0].resourceClaimName", '"A_b" is not a DNS subdomain'),
        ({"name": "nics", "resourceClaimTemplateName": ""}, "[0].resourceClaimTemplateName", "is not a DNS subdomain"),
        ({"name": "nics", "resourceClaimName": "a" * 254}, "[0].resourceClaimName", "is not a DNS subdomain"),
    ],
)
def test_what_is_wrong_with_a_claim_is_found_from_1_9_on(claim: dict[str, object], field: str, message: str) -> None:
    assert_found(RULE, claiming(claim), registry(version="1.9"), field=f"resourceClaims{field}", message=message)
    assert_accepted(RULE, claiming(claim), registry(version="1.8.4"))


def test_a_repeated_name_is_found_since_the_api_server_knows_the_list_as_a_map() -> None:
    twice = claiming(GOOD, GOOD)
    for version in ("1.6", "1.9"):
        assert_found(RULE, twice, registry(version=version), field="resourceClaims[1].name", message="also that of resourceClaims[0]")
    assert_accepted(RULE, twice, registry(version="1.5.3"))
