from typing import Any

import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, no_registry, registry, vmi
from webhook.rules.networks.ports_beside_port_ranges import RULE

RANGES = "domain.devices.interfaces[0].portRanges"
ENABLED = registry(version="1.9", gates=("PortRangesSpec",))
SOME = [{"start": 8000, "end": 8100, "protocol": "TCP"}]
PORTS = [{"port": 22}]


@pytest.mark.parametrize("fields", [{"ports": PORTS}, {"portRanges": SOME}, {"ports": None, "portRanges": SOME}])
def test_one_of_the_two_is_accepted(fields: dict[str, Any]) -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, **fields)), ENABLED)


def test_both_are_found() -> None:
    both = vmi(interface(masquerade={}, ports=PORTS, portRanges=SOME))
    assert_found(RULE, both, ENABLED, field=RANGES, message="not both")
    assert_found(RULE, both, no_registry(), field=RANGES)


def test_an_empty_list_is_none() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, ports=[], portRanges=SOME)), ENABLED)
    assert_accepted(RULE, vmi(interface(masquerade={}, ports=PORTS, portRanges=[])), ENABLED)


def test_a_gate_known_to_be_off_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, ports=PORTS, portRanges=SOME)), registry(version="1.9"))


def test_port_ranges_off_the_pod_network_are_not_read() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, ports=PORTS, portRanges=SOME), networks=[multus("default")]), ENABLED)
