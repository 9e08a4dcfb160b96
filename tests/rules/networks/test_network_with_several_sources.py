import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, multus, registry, vmi
from webhook.rules.networks.network_with_several_sources import RULE

POD: dict[str, object] = {"pod": {}}
MULTUS: dict[str, object] = {"multus": {}}
CLAIM: dict[str, object] = {"resourceClaim": {}}


def test_one_source_or_none_is_accepted() -> None:
    assert_accepted(RULE, vmi(networks=[POD_NETWORK, multus("blue"), {"name": "fast", **CLAIM}, {"name": "none"}]))


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (POD | MULTUS, "pod and multus"),
        (POD | CLAIM, "pod and resourceClaim"),
        (MULTUS | CLAIM, "multus and resourceClaim"),
        (POD | MULTUS | CLAIM, "pod and multus and resourceClaim"),
    ],
)
def test_several_sources_are_found(sources: dict[str, object], told: str) -> None:
    both = vmi(networks=[POD_NETWORK, {"name": "blue", **sources}])
    assert_found(RULE, both, registry(version="1.9"), field="networks[1]", message=f'network "blue" has {told}, and')


def test_a_resource_claim_does_not_count_before_1_9() -> None:
    assert_accepted(RULE, vmi(networks=[{"name": "blue", **POD, **CLAIM}]), registry(version="1.8"))
    three = vmi(networks=[{"name": "blue", **POD, **MULTUS, **CLAIM}])
    assert_found(RULE, three, registry(version="1.8"), field="networks[0]", message="has pod and multus, and")


def test_null_is_no_source() -> None:
    assert_accepted(RULE, vmi(networks=[{"name": "blue", "pod": {}, "multus": None}]))
