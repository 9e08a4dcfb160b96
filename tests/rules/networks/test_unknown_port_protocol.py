import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, vmi
from webhook.rules.networks.unknown_port_protocol import RULE

PROTOCOL = "domain.devices.interfaces[0].ports[0].protocol"


@pytest.mark.parametrize("protocol", ["TCP", "UDP", "", None])
def test_tcp_udp_and_none_are_accepted(protocol: str | None) -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, ports=[{"port": 80, "protocol": protocol}])))


@pytest.mark.parametrize(
    ("protocol", "message"), [("udp", '"udp" is neither TCP nor UDP; did you mean UDP?'), ("SCTP", '"SCTP"'), (" TCP", "did you mean TCP?")]
)
def test_any_other_protocol_is_found(protocol: str, message: str) -> None:
    found = vmi(interface(masquerade={}, ports=[{"port": 80, "protocol": protocol}]))
    assert_found(RULE, found, field=PROTOCOL, message=message, accepted="in capitals")


def test_ports_off_the_pod_network_are_checked_too() -> None:
    found = vmi(interface(bridge={}, ports=[{"port": 80, "protocol": "udp"}]), networks=[multus("default")])
    assert_found(RULE, found, field=PROTOCOL, message="neither TCP nor UDP")


def test_off_the_pod_network_a_pod_s_port_may_be_sctp() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, ports=[{"port": 80, "protocol": "SCTP"}]), networks=[multus("default")]))


def test_the_protocols_of_port_ranges_are_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, ports=[], portRanges=[{"start": 1, "end": 2, "protocol": "udp"}])))
