from typing import Any

import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, no_registry, registry, vmi
from webhook.rules.networks.port_ranges_without_masquerade import RULE

RANGES = "domain.devices.interfaces[0].portRanges"
ENABLED = registry(version="1.9", gates=("PortRangesSpec",))
SOME = [{"start": 8000, "end": 8100, "protocol": "TCP"}]


def test_masquerade_is_accepted_even_beside_another_binding() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, portRanges=SOME)), ENABLED)
    assert_accepted(RULE, vmi(interface(masquerade={}, bridge={}, portRanges=SOME)), ENABLED)


@pytest.mark.parametrize("binding", [{"bridge": {}}, {"passtBinding": {}}, {"binding": {"name": "passt"}}, {}])
def test_any_other_binding_is_found(binding: dict[str, Any]) -> None:
    found = vmi(interface(**binding, portRanges=SOME))
    assert_found(RULE, found, ENABLED, field=RANGES, message="works with masquerade only")
    assert_found(RULE, found, no_registry(), field=RANGES)


def test_an_empty_list_is_none() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, portRanges=[])), ENABLED)


def test_a_gate_known_to_be_off_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, portRanges=SOME)), registry(version="1.9"))


def test_port_ranges_off_the_pod_network_are_not_read() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, portRanges=SOME), networks=[multus("default")]), ENABLED)
