from typing import Any

import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, no_registry, registry, vmi
from webhook.rules.networks.ports_beside_port_ranges import RULE

RANGES = "domain.devices.interfaces[0].portRanges"
ENABLED = registry(version="1.9", gates=("PortRangesSpec",))


@pytest.mark.parametrize("fields", [{"ports": [{"port": 22}]}, {"portRanges": []}, {"ports": None, "portRanges": []}])
def test_one_of_the_two_is_accepted(fields: dict[str, Any]) -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, **fields)), ENABLED)


@pytest.mark.parametrize("ports", [[], [{"port": 22}]])
def test_both_are_found_even_if_empty(ports: object) -> None:
    assert_found(RULE, vmi(interface(masquerade={}, ports=ports, portRanges=[])), ENABLED, field=RANGES, message="cannot both be given")
    assert_found(RULE, vmi(interface(masquerade={}, ports=ports, portRanges=[])), no_registry(), field=RANGES)


def test_a_gate_known_to_be_off_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, ports=[], portRanges=[])), registry(version="1.9"))


def test_port_ranges_off_the_pod_network_are_not_read() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, ports=[], portRanges=[]), networks=[multus("default")]), ENABLED)
