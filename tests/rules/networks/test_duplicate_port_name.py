from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, vmi
from webhook.rules.networks.duplicate_port_name import RULE

PORTS = "domain.devices.interfaces[0].ports"
TWICE = [{"name": "dns", "port": 53}, {"name": "dns", "port": 53, "protocol": "UDP"}]


def test_different_names_and_no_names_are_accepted() -> None:
    ports = [{"name": "a", "port": 1}, {"name": "b", "port": 1}, {"port": 1}, {"port": 1}, {"name": "", "port": 1}, {"name": "", "port": 1}]
    assert_accepted(RULE, vmi(interface(masquerade={}, ports=ports)))


def test_every_use_after_the_first_is_found() -> None:
    thrice = vmi(interface(masquerade={}, ports=[{"port": 1}, *TWICE, {"name": "dns", "port": 5353}]))
    assert_found(RULE, thrice, field=[f"{PORTS}[2].name", f"{PORTS}[3].name"], message='another port of this VM is named "dns" too')


def test_two_interfaces_share_the_ports_of_one_pod() -> None:
    found = vmi(interface(ports=TWICE[:1]), interface("second", ports=TWICE[:1]))
    assert_found(RULE, found, field="domain.devices.interfaces[1].ports[0].name")


def test_the_network_does_not_matter() -> None:
    assert_found(RULE, vmi(interface(bridge={}, ports=TWICE), networks=[multus("default")]), field=f"{PORTS}[1].name")
