import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, vmi
from webhook.rules.networks.ntp_server_not_ipv4 import RULE

SERVERS = "domain.devices.interfaces[0].dhcpOptions.ntpServers"


@pytest.mark.parametrize("options", [{}, {"ntpServers": []}, {"ntpServers": None}])
def test_no_servers_are_accepted(options: dict[str, object]) -> None:
    assert_accepted(RULE, vmi(interface(dhcpOptions=options)))


@pytest.mark.parametrize(
    "server",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 - an NTP server in a spec; nothing is bound
        "255.255.255.255",
        "::ffff:1.2.3.4",
        "::FFFF:102:304",
        "0:0:0:0:0:ffff:1.2.3.4",
        "1.2.3.04",
        "192.000.002.010",
    ],
)
def test_ipv4_is_accepted_also_when_mapped_into_ipv6(server: str) -> None:
    assert_accepted(RULE, vmi(interface(dhcpOptions={"ntpServers": [server]})))


@pytest.mark.parametrize(
    ("server", "found"),
    [
        ("pool.ntp.org", "is not an IPv4 address"),
        ("", "is not an IPv4 address"),
        ("1.2.3", "is not an IPv4 address"),
        ("1.2.3.256", "is not an IPv4 address"),
        ("1.2.3.4\n", "is not an IPv4 address"),
        (" 1.2.3.4", "is not an IPv4 address"),
        ("1.2.3.٤", "is not an IPv4 address"),
        ("1.2.3.4/32", "is not an IPv4 address"),
        ("1.2.3.4:123", "is not an IPv4 address"),
        ("::ffff:1.2.3.4%eth0", "is not an IPv4 address"),
        ("::ffff:1.2.3.04", "is not an IPv4 address"),
        (":" * 100_000, "is not an IPv4 address"),
        ("::1", "is an IPv6 address"),
        ("::1.2.3.4", "is an IPv6 address"),
        ("2001:db8::1", "is an IPv6 address"),
    ],
)
def test_anything_else_is_found(server: str, found: str) -> None:
    assert_found(RULE, vmi(interface(dhcpOptions={"ntpServers": ["1.2.3.4", server]})), field=f"{SERVERS}[1]", message=found)


def test_the_network_does_not_matter() -> None:
    assert_found(RULE, vmi(interface(bridge={}, dhcpOptions={"ntpServers": ["::1"]}), networks=[multus("default")]), field=f"{SERVERS}[0]")
