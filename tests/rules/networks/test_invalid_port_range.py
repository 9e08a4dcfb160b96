import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, no_registry, registry, vmi
from webhook.rules.networks.invalid_port_range import RULE

RANGE = "domain.devices.interfaces[0].portRanges[0]"
ENABLED = registry(version="1.9", gates=("PortRangesSpec",))


@pytest.mark.parametrize("protocol", ["TCP", "UDP"])
def test_a_range_of_ports_is_accepted(protocol: str) -> None:
    ranges = [{"start": 1, "end": 65535, "protocol": protocol}, {"start": 22, "end": 22, "protocol": protocol}]
    assert_accepted(RULE, vmi(interface(masquerade={}, portRanges=ranges)), ENABLED)


@pytest.mark.parametrize(
    ("ports", "field", "message"),
    [
        ({"start": 0, "end": 5, "protocol": "TCP"}, "start", "start is 0, and ports are 1 to 65535"),
        ({"end": 5, "protocol": "TCP"}, "start", "start is missing"),
        ({"start": 65536, "end": 5, "protocol": "TCP"}, "start", "start is 65536, and"),
        ({"start": 5, "end": 65536, "protocol": "TCP"}, "end", "end is 65536, and"),
        ({"start": 5, "end": 1 << 70, "protocol": "TCP"}, "end", "end is a 71-bit number, and"),
        ({"start": 5, "protocol": "TCP"}, "end", "end is missing"),
        ({"start": 6, "end": 5, "protocol": "TCP"}, "start", "start 6 is above end 5"),
        ({"start": 5, "end": 6, "protocol": "udp"}, "protocol", "did you mean UDP?"),
        ({"start": 5, "end": 6, "protocol": "SCTP"}, "protocol", '"SCTP" is neither'),
        ({"start": 5, "end": 6}, "protocol", "the range has no protocol"),
        ({"start": 5, "end": 6, "protocol": ""}, "protocol", "the range has no protocol"),
    ],
)
def test_what_is_wrong_with_a_range_is_found_at_its_field(ports: dict[str, object], field: str, message: str) -> None:
    found = vmi(interface(masquerade={}, portRanges=[ports]))
    assert_found(RULE, found, ENABLED, field=f"{RANGE}.{field}", message=message)
    assert_found(RULE, found, no_registry(), field=f"{RANGE}.{field}", message=message)


def test_everything_that_is_wrong_with_a_range_is_told() -> None:
    found = vmi(interface(masquerade={}, portRanges=[{"start": -1, "protocol": "x"}]))
    assert_found(RULE, found, ENABLED, field=[f"{RANGE}.protocol", f"{RANGE}.start", f"{RANGE}.end"])


BACKWARDS = [{"start": 6, "end": 5, "protocol": "TCP"}]


def test_what_kubevirt_does_not_read_is_not_checked() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, portRanges=BACKWARDS)), registry(version="1.9"))
    assert_accepted(RULE, vmi(interface(bridge={}, portRanges=BACKWARDS), networks=[multus("default")]), ENABLED)


def test_fields_that_the_api_server_requires_are_missed_on_any_network() -> None:
    fields = [f"{RANGE}.protocol", f"{RANGE}.start", f"{RANGE}.end"]
    assert_found(RULE, vmi(interface(bridge={}, portRanges=[{}]), networks=[multus("default")]), ENABLED, field=fields)
