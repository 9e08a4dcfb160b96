import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, registry, vmi
from webhook.rules.base import Action
from webhook.rules.networks.invalid_port import RULE

PORTS = "domain.devices.interfaces[0].ports"


@pytest.mark.parametrize("ports", [[{"port": 1}, {"port": 65535}], [], None])
def test_numbers_of_ports_are_accepted(ports: object) -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, ports=ports)))


def test_a_port_without_number_is_found_at_the_entry_and_a_zero_at_the_number() -> None:
    two = vmi(interface(masquerade={}, ports=[{"name": "http"}, {"port": 0}, {"port": 80}]))
    assert_found(RULE, two, field=[f"{PORTS}[0]", f"{PORTS}[1].port"], message="port")


@pytest.mark.parametrize(("port", "shown"), [(-1, "-1"), (65537, "65537"), (1 << 40, "1099511627776"), (1 << 70, "a 71-bit number")])
def test_a_number_that_no_port_has_is_found(port: int, shown: str) -> None:
    found = vmi(interface(masquerade={}, ports=[{"port": port}]))
    assert_found(RULE, found, field=f"{PORTS}[0].port", message=f"port is {shown}, and ports are 1 to 65535")


def test_a_number_too_long_to_be_written_out_is_told_by_its_size() -> None:
    found = vmi(interface(masquerade={}, ports=[{"port": 16**5000}]))
    assert_found(RULE, found, field=f"{PORTS}[0].port", message="port is a 20001-bit number")


def test_65536_is_a_warning_before_1_9_because_kubevirt_admits_it() -> None:
    found = vmi(interface(masquerade={}, ports=[{"port": 65536}]))
    assert_found(RULE, found, registry(version="1.8.4"), field=f"{PORTS}[0].port", message="which KubeVirt admits", severity=Action.WARN)


@pytest.mark.parametrize("version", ["1.9", None])
def test_65536_is_denied_from_1_9_on(version: str | None) -> None:
    found = vmi(interface(masquerade={}, ports=[{"port": 65536}]))
    assert_found(RULE, found, registry(version=version), field=f"{PORTS}[0].port", message="port is 65536, and ports are 1 to 65535")


def test_ports_off_the_pod_network_are_checked_too() -> None:
    found = vmi(interface(bridge={}, ports=[{"port": 0}]), networks=[multus("default")])
    assert_found(RULE, found, field=f"{PORTS}[0].port", message="port is 0, which counts as missing")


def test_ports_without_a_network_are_checked_too() -> None:
    assert_found(RULE, vmi(interface(bridge={}, ports=[{"port": 0}]), networks=[]), field=f"{PORTS}[0].port")
