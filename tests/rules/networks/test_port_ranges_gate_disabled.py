import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, no_registry, registry, vmi
from webhook.rules.base import Action
from webhook.rules.networks.port_ranges_gate_disabled import RULE

RANGES = "domain.devices.interfaces[0].portRanges"


def test_an_enabled_gate_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface(portRanges=[])), registry(version="1.9", gates=("PortRangesSpec",)))


@pytest.mark.parametrize("ranges", [[], [{"start": 1, "end": 2}]])
def test_port_ranges_with_the_gate_off_are_found_even_if_empty(ranges: object) -> None:
    assert_found(RULE, vmi(interface(portRanges=ranges)), registry(version="1.9"), field=RANGES, message="PortRangesSpec, which is off")
    assert_found(RULE, vmi(interface(portRanges=ranges)), registry(), field=RANGES, message="PortRangesSpec, which is off")


def test_a_gate_that_nobody_knows_is_a_warning() -> None:
    assert_found(RULE, vmi(interface(portRanges=[])), no_registry(), field=RANGES, message="off by default", severity=Action.WARN)


def test_port_ranges_off_the_pod_network_are_not_read() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, portRanges=[]), networks=[multus("default")]))


def test_releases_without_the_field_have_no_gate_for_it() -> None:
    assert_accepted(RULE, vmi(interface(portRanges=[])), registry(version="1.8.4"))
