import pytest

from tests.asserts import assert_accepted, assert_found, findings_of
from tests.builders import interface, multus, registry, vmi
from webhook.rules.networks.network_without_source import RULE

CLAIM = {"name": "fast", "resourceClaim": {}}


@pytest.mark.parametrize("network", [{"name": "default", "pod": {}}, multus("blue"), {"name": "blue", "multus": {}}, CLAIM])
def test_a_source_is_one_even_when_it_is_empty(network: dict[str, object]) -> None:
    assert_accepted(RULE, vmi(interface(), networks=[network]))


def test_each_network_without_source_is_found() -> None:
    two = vmi(networks=[{"name": "a"}, multus("blue"), {"name": "b", "pod": None}])
    assert_found(
        RULE, two, field=["networks[0]", "networks[2]"], message="has no source", accepted="multus with a networkName, or resourceCl"
    )


def test_a_resource_claim_is_no_source_before_1_9() -> None:
    claimed = vmi(networks=[CLAIM])
    assert_accepted(RULE, claimed, registry(version="1.9"))
    assert_found(RULE, claimed, registry(version="1.8.4"), field="networks[0]", message="unknown to KubeVirt 1.8.4: it came with 1.9")
    (finding,) = findings_of(RULE, claimed, registry(version="1.8.4"))
    assert "resourceClaim" not in finding.accepted
