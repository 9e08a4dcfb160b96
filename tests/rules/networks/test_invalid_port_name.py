import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, vmi
from webhook.rules.networks.invalid_port_name import RULE

NAME = "domain.devices.interfaces[0].ports[0].name"


@pytest.mark.parametrize("name", ["http", "p", "8080-tcp", "a-b-c", "fifteen-letters", "", None])
def test_what_kubernetes_takes_for_a_port_name_is_accepted(name: str | None) -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, ports=[{"port": 80, "name": name}])))


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("sixteen--letters", "has more than 15 characters and has two hyphens in a row"),
        ("sixteen-letters-", "has more than 15 characters and ends with a hyphen"),
        ("Test", "has characters other than a-z, 0-9 and -"),
        ("http\n", "has characters other than a-z, 0-9 and -"),
        ("HTTP", "has characters other than a-z, 0-9 and - and has no letter from a to z"),
        ("8080", "has no letter from a to z"),
        ("a--b", "has two hyphens in a row"),
        ("-a", "begins with a hyphen"),
        ("a-", "ends with a hyphen"),
    ],
)
def test_what_is_wrong_with_a_name_is_told(name: str, fault: str) -> None:
    assert_found(
        RULE, vmi(interface(masquerade={}, ports=[{"port": 80, "name": name}])), field=NAME, message=f'" {fault}'.replace("\n", "\\n")
    )


def test_ports_off_the_pod_network_are_checked_too() -> None:
    found = vmi(interface(bridge={}, ports=[{"port": 80, "name": "HTTP"}]), networks=[multus("default")])
    assert_found(RULE, found, field=NAME, message="has no letter")
