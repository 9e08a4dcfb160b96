from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, no_registry, registry, vmi
from webhook.rules.networks.too_many_port_ranges import RULE

RANGES = "domain.devices.interfaces[0].portRanges"
ENABLED = registry(version="1.9", gates=("PortRangesSpec",))
ELEVEN = [{"start": port, "end": port} for port in range(1, 12)]


def test_ten_are_accepted() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, portRanges=ELEVEN[:10])), ENABLED)


def test_eleven_are_found() -> None:
    assert_found(RULE, vmi(interface(masquerade={}, portRanges=ELEVEN)), ENABLED, field=RANGES, message="11 entries")
    assert_found(RULE, vmi(interface(masquerade={}, portRanges=ELEVEN)), no_registry(), field=RANGES)


def test_a_gate_known_to_be_off_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, portRanges=ELEVEN)), registry(version="1.9"))


def test_port_ranges_off_the_pod_network_are_not_read() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, portRanges=ELEVEN), networks=[multus("default")]), ENABLED)
