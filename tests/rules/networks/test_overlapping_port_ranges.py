import pytest

from tests.asserts import assert_accepted, assert_found, findings_of
from tests.builders import interface, multus, no_registry, registry, vmi
from webhook.rules.networks.overlapping_port_ranges import RULE
from webhook.vmi.vmi import VMI

RANGES = "domain.devices.interfaces[0].portRanges"
ENABLED = registry(version="1.9", gates=("PortRangesSpec",))


def forwarding(*bounds: tuple[int, int] | tuple[int, int, str]) -> VMI:
    ranges = [{"start": each[0], "end": each[1], "protocol": each[2] if len(each) > 2 else "TCP"} for each in bounds]
    return vmi(interface(masquerade={}, portRanges=ranges))


def test_neighbours_are_accepted() -> None:
    assert_accepted(RULE, forwarding((80, 100), (101, 300), (1, 79)), ENABLED)


def test_two_protocols_may_share_ports() -> None:
    assert_accepted(RULE, forwarding((80, 200, "TCP"), (150, 300, "UDP")), ENABLED)


@pytest.mark.parametrize(
    ("first", "second"), [((80, 100), (100, 200)), ((80, 100), (1, 80)), ((80, 100), (90, 91)), ((90, 91), (80, 100)), ((5, 5), (5, 5))]
)
def test_a_port_in_common_is_found_at_the_later_range(first: tuple[int, int], second: tuple[int, int]) -> None:
    message = f"TCP range {second[0]}-{second[1]} overlaps portRanges[0] ({first[0]}-{first[1]})"
    assert_found(RULE, forwarding(first, second), ENABLED, field=f"{RANGES}[1]", message=message)
    assert_found(RULE, forwarding(first, second), no_registry(), field=f"{RANGES}[1]", message=message)


def test_what_remains_without_the_ranges_told_is_free_of_overlaps() -> None:
    assert_found(RULE, forwarding((1, 10), (5, 20), (15, 30), (1, 100)), ENABLED, field=[f"{RANGES}[1]", f"{RANGES}[3]"])


def test_a_range_that_is_wrong_by_itself_takes_no_part() -> None:
    assert_accepted(RULE, forwarding((80, 90), (90, 80), (0, 85), (85, 65536), (80, 90, "tcp"), (80, 90, "")), ENABLED)


def test_ten_thousand_ranges_are_evaluated_at_once() -> None:
    stacked = forwarding(*((start, start + 50_000) for start in range(10_000, 0, -1)))
    assert len(findings_of(RULE, stacked, ENABLED)) == 9_999
    assert_accepted(RULE, forwarding(*((2 * start, 2 * start) for start in range(10_000, 0, -1))), ENABLED)


def test_a_gate_known_to_be_off_is_another_rule_s_business() -> None:
    assert_accepted(RULE, forwarding((1, 2), (1, 2)), registry(version="1.9"))


def test_port_ranges_off_the_pod_network_are_not_read() -> None:
    twice = [{"start": 1, "end": 2, "protocol": "TCP"}] * 2
    assert_accepted(RULE, vmi(interface(bridge={}, portRanges=twice), networks=[multus("default")]), ENABLED)
