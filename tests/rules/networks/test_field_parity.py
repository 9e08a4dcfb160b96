"""What KubeVirt 1.9.0 refuses about an interface's own fields, written down a second time in another manner, against the rules."""

import socket
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import multus, no_registry, registry, vmi
from webhook.plugins.registry import Registry
from webhook.rules.base import Action
from webhook.rules.networks import (
    dhcp_option_out_of_range,
    duplicate_dhcp_option,
    duplicate_port_name,
    invalid_interface_name,
    invalid_mac_address,
    invalid_pci_address,
    invalid_port,
    invalid_port_name,
    invalid_port_range,
    ntp_server_not_ipv4,
    overlapping_port_ranges,
    port_ranges_gate_disabled,
    port_ranges_without_masquerade,
    ports_beside_port_ranges,
    too_many_port_ranges,
    unknown_model,
    unknown_port_protocol,
)
from webhook.rules.plan import plan

RULES = (
    invalid_interface_name.RULE,
    unknown_model.RULE,
    invalid_mac_address.RULE,
    invalid_pci_address.RULE,
    invalid_port.RULE,
    unknown_port_protocol.RULE,
    invalid_port_name.RULE,
    duplicate_port_name.RULE,
    port_ranges_gate_disabled.RULE,
    ports_beside_port_ranges.RULE,
    port_ranges_without_masquerade.RULE,
    too_many_port_ranges.RULE,
    invalid_port_range.RULE,
    overlapping_port_ranges.RULE,
    duplicate_dhcp_option.RULE,
    dhcp_option_out_of_range.RULE,
    ntp_server_not_ipv4.RULE,
)
GATE_ON = registry(version="1.9", gates=("PortRangesSpec",))
GATE_OFF = registry(version="1.9")
GATE_UNKNOWN = no_registry("1.9")
POD: Mapping[str, Any] = {"pod": {}}

HEX = "0123456789abcdefABCDEF"
LOWER = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"

# --- the reference: which fields KubeVirt refuses


def refused_fields(interface: Mapping[str, Any], *, on_pod_network: bool, gate: Registry) -> set[str]:
    """The fields of an interface, by JSON name, that KubeVirt 1.9.0 refuses."""
    verdicts = {
        "name": not is_name(interface.get("name") or ""),
        "model": (interface.get("model") or "") not in ["", "e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "virtio"],
        "macAddress": scanned_mac(interface.get("macAddress") or "00:00:00:00:00:00") != 6,
        "pciAddress": not is_pci(interface.get("pciAddress") or "0000:00:00.0"),
        "ports": on_pod_network and ports_refused(interface.get("ports") or []),
        "portRanges": on_pod_network and interface.get("portRanges") is not None and ranges_refused(interface, gate),
        "dhcpOptions": dhcp_refused(interface.get("dhcpOptions") or {}),
    }
    return {field for field, refused in verdicts.items() if refused}


def is_name(name: str) -> bool:
    return name != "" and set(name) <= set(LOWER + LOWER.upper() + DIGITS + "-_")


def scanned_mac(text: str) -> int:
    """The number of bytes of a MAC address, 0 when it is none: a port of the scanner in Go's net.ParseMAC."""
    if len(text) < 14:
        return 0
    step, separator = (3, text[2]) if text[2] in ":-" else (5, text[4])
    if separator not in (":-" if step == 3 else ".") or (len(text) + 1) % step:
        return 0
    for at, character in enumerate(text):
        if (character != separator) if at % step == step - 1 else (character not in HEX):
            return 0
    count = (len(text) + 1) // step * (step // 2)
    return count if count in (6, 8, 20) else 0


def is_pci(text: str) -> bool:
    left, dot, function = text.partition(".")
    groups = left.split(":")
    return (
        bool(dot) and function in tuple("01234567") and [len(group) for group in groups] == [4, 2, 2] and set("".join(groups)) <= set(HEX)
    )


def ports_refused(ports: list[dict[str, Any]]) -> bool:
    names = [port["name"] for port in ports if port.get("name")]
    numbers = [port.get("port") or 0 for port in ports]
    return (
        any(number == 0 or number < 0 or number > 65536 for number in numbers)
        or any(protocol_refused(port) for port in ports)
        or len(set(names)) < len(names)
        or not all(is_port_name(name) for name in names)
    )


def protocol_refused(value: Mapping[str, Any]) -> bool:
    return (value.get("protocol") or "") not in ("", "TCP", "UDP")


def is_port_name(name: str) -> bool:
    if len(name) > 15 or name[0] == "-" or name[-1] == "-":
        return False
    seen_letter, before = False, ""
    for character in name:
        if character not in LOWER + DIGITS + "-" or before == character == "-":
            return False
        seen_letter, before = seen_letter or character in LOWER, character
    return seen_letter


def ranges_refused(interface: Mapping[str, Any], gate: Registry) -> bool:
    if gate is GATE_OFF:
        return True
    ranges = [((each.get("protocol") or "TCP"), each.get("start") or 0, each.get("end") or 0) for each in interface["portRanges"]]
    return (
        interface.get("ports") is not None
        or interface.get("masquerade") is None
        or len(ranges) > 10
        or any(protocol not in ("TCP", "UDP") or start < 1 or end > 65535 or start > end for protocol, start, end in ranges)
        or any(a[0] == b[0] and a[1] <= b[2] and b[1] <= a[2] for a, b in combinations(ranges, 2))
    )


def dhcp_refused(options: Mapping[str, Any]) -> bool:
    numbers = [option.get("option") or 0 for option in options.get("privateOptions") or []]
    return (
        len(set(numbers)) < len(numbers)
        or not set(numbers) <= set(range(224, 255))
        or not all(holds_ipv4(server) for server in options.get("ntpServers") or [])
    )


def holds_ipv4(text: str) -> bool:
    """Whether the C library reads 4 bytes, or 16 that begin as those of a mapped address."""
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        return False
    return len(packed) == 4 or packed.startswith(bytes(10) + b"\xff\xff")


# --- what it is asked about: right values, near misses, and both with a character put in, taken out or exchanged


def near(*values: str, alphabet: str) -> st.SearchStrategy[str]:
    """One of the values, or one of them edited at one place."""

    @st.composite
    def edited(draw: st.DrawFn) -> str:
        value: str = draw(st.sampled_from(values))
        at = draw(st.integers(0, len(value)))
        put_in: str = draw(st.sampled_from(["", *alphabet]))
        return value[:at] + put_in + value[at + draw(st.integers(0, 1)) :]

    return st.sampled_from(values) | st.sampled_from(values) | edited()


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with any of the fields, each now and then `null`."""
    return st.fixed_dictionaries({}, optional={field: st.none() | values for field, values in fields.items()})


NAMES = near("default", "net_1", "A-9", "", alphabet=".- ä\n")
MODELS = st.sampled_from(["", "virtio", "e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "VirtIO", "e1000 ", "ne2k", "vmxnet3"])
MACS = near(
    *(
        "02:00:00:00:00:01",
        "DE-ad-00-00-be-AF",
        "0200.0000.0001",
        "02:00-00:00-00:01",
        "0200:0000:0001",
        "02.00.00.00.00.01",
        "020000000001",
    ),
    *(":".join(["0a"] * count) for count in (5, 7, 8, 20)),
    alphabet="0fFg:-.\n\u0660",
)
PCI_ADDRESSES = near("0000:02:00.0", "ABcd:ff:1f.7", "0000:02:00.8", "02:00.0", "0000:02:00:0", alphabet="0g:.8\n\u0660")
SERVERS = near(
    *("1.2.3.4", "10.0.0.255", "0.10.0.0", "1.2.3.256", "1.2.3.04", "1.2.3", "::ffff:1.2.3.4", "::FFFF:0.0.0.0", "::ffff:1.2.3.4%lo"),
    *("0:0:0:0:0:ffff:102:304", "::ffff:1.2.3.04", "::fffe:1.2.3.4", "::1.2.3.4", "::1", "ntp.org"),
    alphabet="0125.:%f ",
)
PORT_NAMES = near("http", "a-b", "a--b", "-a", "a-", "8080", "Http", "fifteen-letters", "sixteen1-letters", alphabet="-a0A.\n")
PROTOCOLS = st.sampled_from(["TCP", "UDP", "TCP", "UDP", "", "tcp", "SCTP", "TCP "])
NUMBERS = st.sampled_from([-1, 0, 1, 65535, 65536, 65537, 2**31, 2**70]) | st.integers(1, 65535)

good_ports = st.fixed_dictionaries({"port": st.integers(1, 65536)}, optional={"name": st.sampled_from(["", "http", "dns", "ssh"])})
odd_ports = st.one_of(
    st.builds(lambda port: {"port": port}, NUMBERS),
    st.builds(lambda protocol: {"port": 80, "protocol": protocol}, PROTOCOLS),
    st.builds(lambda name: {"port": 80, "name": name}, PORT_NAMES),
    some(port=NUMBERS, name=PORT_NAMES, protocol=PROTOCOLS),
)
port_lists = st.lists(good_ports, max_size=3) | st.lists(odd_ports, min_size=1, max_size=1) | st.lists(odd_ports, max_size=2)


def port_range(start: int, end: int, protocol: str | None) -> dict[str, Any]:
    return {"start": start, "end": end, "protocol": protocol}


good_protocols = st.sampled_from([None, "", "TCP", "UDP"])
small_ranges = st.builds(
    lambda start, more, protocol: port_range(start, start + more, protocol), st.integers(1, 20), st.integers(0, 4), good_protocols
)
odd_ranges = st.one_of(
    st.builds(port_range, NUMBERS, st.integers(1, 65535), good_protocols),
    st.builds(port_range, st.integers(1, 65535), NUMBERS, good_protocols),
    st.builds(port_range, st.just(80), st.sampled_from([79, 80, 81]), PROTOCOLS),
    some(start=NUMBERS, end=NUMBERS, protocol=PROTOCOLS),
)
disjoint_ranges = st.integers(0, 12).map(lambda count: [port_range(10 * k + 1, 10 * k + 10, None) for k in range(count)])
range_lists = st.lists(small_ranges, max_size=3) | st.lists(odd_ranges, min_size=1, max_size=1) | disjoint_ranges

private_options = st.sampled_from([{"option": number} for number in (223, 224, 225, 254, 255, 0, -240)] + [{}])
servers = st.lists(SERVERS, min_size=1, max_size=1) | st.lists(SERVERS, max_size=2)
dhcp_options = st.one_of(
    st.fixed_dictionaries({"privateOptions": st.lists(private_options, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"ntpServers": servers}),
    st.fixed_dictionaries({"ntpServers": servers}),
    some(ntpServers=servers, privateOptions=st.lists(private_options)),
)
with_plain_fields = st.fixed_dictionaries({"name": NAMES, "model": MODELS, "macAddress": MACS, "pciAddress": PCI_ADDRESSES})
with_lists = st.fixed_dictionaries({"name": st.just("default"), "ports": port_lists, "dhcpOptions": dhcp_options})
with_anything = some(name=NAMES, model=MODELS, macAddress=MACS, pciAddress=PCI_ADDRESSES, ports=port_lists, dhcpOptions=dhcp_options)
with_port_ranges: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"name": st.just("default"), "masquerade": st.sampled_from([{}, {}, {}, None]), "portRanges": range_lists},
    optional={"ports": st.sampled_from([None, None, [], [{"port": 22}]])},
)
networks = st.sampled_from([POD, POD, POD, POD, POD, multus("any"), None])


def assert_parity(interface: Mapping[str, Any], network: Mapping[str, Any] | None, gate: Registry) -> None:
    connected: list[Mapping[str, Any]] = [] if network is None else [{**network, "name": interface.get("name")}]
    findings = plan(RULES, gate, {}, upstream_answers=False).judge_vmi(vmi(interface, networks=connected), ())
    denied = {finding.path[4] for finding in findings if finding.severity is Action.DENY}
    assert denied == refused_fields(interface, on_pod_network=network is POD, gate=gate)


@settings(max_examples=200, deadline=None)
@given(interface=with_plain_fields)
def test_exactly_the_plain_fields_that_kubevirt_refuses_are_denied(interface: dict[str, Any]) -> None:
    assert_parity(interface, POD, GATE_OFF)


@settings(max_examples=300, deadline=None)
@given(interface=with_lists, network=networks)
def test_exactly_the_ports_and_dhcp_options_that_kubevirt_refuses_are_denied(
    interface: dict[str, Any], network: Mapping[str, Any] | None
) -> None:
    assert_parity(interface, network, GATE_OFF)


@settings(max_examples=300, deadline=None)
@given(interface=with_port_ranges, network=networks, gate=st.sampled_from([GATE_ON, GATE_ON, GATE_ON, GATE_OFF, GATE_UNKNOWN]))
def test_exactly_the_port_ranges_that_kubevirt_refuses_are_denied(
    interface: dict[str, Any], network: Mapping[str, Any] | None, gate: Registry
) -> None:
    assert_parity(interface, network, gate)


@settings(max_examples=100, deadline=None)
@given(interface=with_anything, network=networks)
def test_absent_and_null_fields_are_judged_as_kubevirt_does(interface: dict[str, Any], network: Mapping[str, Any] | None) -> None:
    assert_parity(interface, network, GATE_OFF)
