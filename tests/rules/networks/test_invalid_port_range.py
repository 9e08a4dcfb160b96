import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, no_registry, registry, vmi
from webhook.rules.networks.invalid_port_range import RULE

RANGE = "domain.devices.interfaces[0].portRanges[0]"
ENABLED = registry(version="1.9", gates=("PortRangesSpec",))


@pytest.mark.parametrize("protocol", ["TCP", "UDP", "", None])
def test_a_range_of_ports_is_accepted(protocol: str | None) -> None:
    ranges = [{"start": 1, "end": 65535, "protocol": protocol}, {"start": 22, "end": 22, "protocol": protocol}]
    assert_accepted(RULE, vmi(interface(masquerade={}, portRanges=ranges)), ENABLED)


@pytest.mark.parametrize(
    ("ports", "field", "message"),
    [
        ({"start": 0, "end": 5}, "start", "start is 0, and ports go from 1 to 65535"),
        ({"end": 5}, "start", "start is missing"),
        ({"start": 65536, "end": 5}, "start", "start is 65536, and"),
        ({"start": 5, "end": 65536}, "end", "end is 65536, and"),
        ({"start": 5, "end": 1 << 70}, "end", "end is a 71-bit number, and"),
        ({"start": 5}, "end", "end is missing"),
        ({"start": 6, "end": 5}, "start", "runs backwards: start is 6 and end is 5"),
        ({"start": 5, "end": 6, "protocol": "udp"}, "protocol", "did you mean UDP?"),
        ({"start": 5, "end": 6, "protocol": "SCTP"}, "protocol", '"SCTP" is neither'),
    ],
)
def test_what_is_wrong_with_a_range_is_found_at_its_field(ports: dict[str, object], field: str, message: str) -> None:
    found = vmi(interface(masquerade={}, portRanges=[ports]))
    assert_found(RULE, found, ENABLED, field=f"{RANGE}.{field}", message=message)
    assert_found(RULE, found, no_registry(), field=f"{RANGE}.{field}", message=message)


def test_everything_that_is_wrong_with_a_range_is_told() -> None:
    found = vmi(interface(masquerade={}, portRanges=[{"start": -1, "protocol": "x"}]))
    assert_found(RULE, found, ENABLED, field=[f"{RANGE}.protocol", f"{RANGE}.start", f"{RANGE}.end"])


def test_a_gate_known_to_be_off_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, portRanges=[{}])), registry(version="1.9"))


def test_port_ranges_off_the_pod_network_are_not_read() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, portRanges=[{}]), networks=[multus("default")]), ENABLED)
