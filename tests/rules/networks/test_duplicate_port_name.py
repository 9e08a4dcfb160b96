from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, multus, vmi
from webhook.rules.networks.duplicate_port_name import RULE

PORTS = "domain.devices.interfaces[0].ports"
TWICE = [{"name": "dns", "port": 53}, {"name": "dns", "port": 53, "protocol": "UDP"}]


def test_different_names_and_no_names_are_accepted() -> None:
    ports = [{"name": "a", "port": 1}, {"name": "b", "port": 1}, {"port": 1}, {"port": 1}, {"name": "", "port": 1}, {"name": "", "port": 1}]
    assert_accepted(RULE, vmi(interface(masquerade={}, ports=ports)))


def test_every_use_after_the_first_is_found() -> None:
    thrice = vmi(interface(masquerade={}, ports=[{"port": 1}, *TWICE, {"name": "dns", "port": 5353}]))
    assert_found(RULE, thrice, field=[f"{PORTS}[2].name", f"{PORTS}[3].name"], message='"dns" is also that of ports[1]')


def test_two_interfaces_may_share_a_name() -> None:
    networks = [POD_NETWORK, {"name": "second", "pod": {}}]
    assert_accepted(RULE, vmi(interface(ports=TWICE[:1]), interface("second", ports=TWICE[:1]), networks=networks))


def test_ports_off_the_pod_network_are_not_read() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, ports=TWICE), networks=[multus("default")]))
