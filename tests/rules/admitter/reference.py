"""KubeVirt v1.9.0's network admitter restated: what pkg/network/admitter says about a VMI spec, cause by cause, its quirks included.

What the CRD and the mutating webhook do to ports, ranges and NTP servers before the admitter sees them is part of it.

Written from the upstream sources in another manner than the rules, and without a line of theirs. A cause carries the name of the rule that
tells the same, and the field that KubeVirt reports.
"""

import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias

Object: TypeAlias = Mapping[str, Any]
Field: TypeAlias = tuple[str | int, ...]

BINDINGS = ("bridge", "masquerade", "sriov", "passtBinding", "binding")
DEAD = ("slirp", "passt", "macvtap")
MODELS = ("e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "virtio")
INTERFACES: Field = ("domain", "devices", "interfaces")

HEX = "0123456789abcdefABCDEF"
LOWER = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"


class Cluster(NamedTuple):
    """What the admitter asks of the cluster's configuration."""

    passt: bool = True
    dra: bool = True
    port_ranges: bool = True
    bridge_on_pod_network: bool = True


class Cause(NamedTuple):
    rule: str
    field: Field


class Spec:
    """A VMI spec as Go decodes it: absent and null are the same, in strings the same as empty."""

    def __init__(self, raw: Object) -> None:
        self.interfaces: Sequence[Object] = (raw["domain"].get("devices") or {}).get("interfaces") or []
        self.networks: Sequence[Object] = raw.get("networks") or []
        self.claims = {text(claim, "name") for claim in raw.get("resourceClaims") or []}
        self.network_named = {text(network, "name"): network for network in self.networks}


def text(obj: Object, key: str) -> str:
    return obj.get(key) or ""


def has(obj: Object, key: str) -> bool:
    return obj.get(key) is not None


def causes_of(raw: Object, cluster: Cluster) -> Iterator[Cause]:
    """Every cause, in no particular order; creation and update rules together."""
    spec = Spec(raw)
    yield from of_sources(spec.networks)
    yield from of_names(spec)
    for index, interface in enumerate(spec.interfaces):
        network = spec.network_named.get(text(interface, "name")) or {}
        at = (*INTERFACES, index)
        for rule, field in (*of_state(interface, spec), *of_binding(interface, network, cluster), *of_fields(interface, network, cluster)):
            yield Cause(rule, (*at, *field))
    yield from of_dra(spec, cluster)


def of_sources(networks: Sequence[Object]) -> Iterator[Cause]:
    pods = [network for network in networks if has(network, "pod")]
    defaults = [network for network in networks if is_default(network)]
    if len(pods) > 1:
        yield Cause("several-pod-networks", ("interfaces",))
    if len(defaults) > 1:
        yield Cause("several-default-networks", ("networks",))
    if pods and defaults:
        yield Cause("default-network-beside-pod-network", ("networks",))
    for index, network in enumerate(networks):
        count = sum(has(network, source) for source in ("pod", "multus", "resourceClaim"))
        if count != 1:
            yield Cause("network-with-several-sources" if count else "network-without-source", ("networks", index))
    for index, network in enumerate(networks):
        if has(network, "multus") and not text(network["multus"], "networkName"):
            yield Cause("multus-without-network-name", ("networks", index))
            return


def is_default(network: Object) -> bool:
    return has(network, "multus") and bool(network["multus"].get("default"))


def of_names(spec: Spec) -> Iterator[Cause]:
    names, network_names = ([text(each, "name") for each in items] for items in (spec.interfaces, spec.networks))
    for index, name in enumerate(network_names):
        if name not in names:
            yield Cause("network-without-interface", ("networks", index, "name"))
        if name in network_names[:index]:
            yield Cause("duplicate-network-name", ("networks", index, "name"))
    for index, name in enumerate(names):
        if name not in network_names:
            yield Cause("interface-without-network", (*INTERFACES, index, "name"))
        if name in names[:index]:
            yield Cause("duplicate-interface-name", (*INTERFACES, index, "name"))


def of_state(interface: Object, spec: Spec) -> Iterator[tuple[str, Field]]:
    state = text(interface, "state")
    default = next((network for network in spec.networks if not has(network, "multus") or is_default(network)), None)
    if state not in ("", "absent", "up", "down"):
        yield "unknown-interface-state", ("state",)
    if state in ("up", "down") and has(interface, "sriov"):
        yield "state-unsupported-by-binding", ("state",)
    if state == "absent" and not has(interface, "bridge"):
        yield "state-unsupported-by-binding", ("state",)
    if state == "absent" and default is not None and text(default, "name") == text(interface, "name"):
        yield "default-network-absent", ("state",)


def of_binding(interface: Object, network: Object, cluster: Cluster) -> Iterator[tuple[str, Field]]:
    count, on_pod_network = sum(has(interface, binding) for binding in BINDINGS), has(network, "pod")
    if count != 1:
        yield "several-bindings" if count else "no-binding", ()
    if has(interface, "masquerade") and not on_pod_network:
        yield "masquerade-without-pod-network", ("name",)
    if has(interface, "masquerade") and interface.get("macAddress") == "02:00:00:00:00:00":
        yield "reserved-mac", ("macAddress",)
    if has(interface, "bridge") and on_pod_network and not cluster.bridge_on_pod_network:
        yield "bridge-not-permitted", ("name",)
    if has(interface, "passtBinding") and not cluster.passt:
        yield "passt-gate-disabled", ("name",)
    if has(interface, "passtBinding") and not on_pod_network:
        yield "passt-without-pod-network", ("name",)
    for dead in DEAD:
        if has(interface, dead):
            yield "discontinued-binding", (dead,)


def of_fields(interface: Object, network: Object, cluster: Cluster) -> Iterator[tuple[str, Field]]:
    name = text(interface, "name")
    if not name or not set(name) <= set(LOWER + LOWER.upper() + DIGITS + "-_"):
        yield "invalid-interface-name", ("name",)
    if text(interface, "model") not in ("", *MODELS):
        yield "unknown-model", ("model",)
    if scanned_mac(text(interface, "macAddress") or "00:00:00:00:00:00") != 6:
        yield "invalid-mac-address", ("macAddress",)
    if not is_pci(text(interface, "pciAddress") or "0000:00:00.0"):
        yield "invalid-pci-address", ("pciAddress",)
    if has(network, "pod"):
        yield from of_ports(interface.get("ports") or [])
    if interface.get("portRanges"):
        yield from of_port_ranges(interface, cluster, on_pod_network=has(network, "pod"))
    yield from of_dhcp(interface.get("dhcpOptions") or {})


def scanned_mac(address: str) -> int:
    """The number of bytes of a MAC address, 0 when it is none: what the scanner of Go's net.ParseMAC makes of it."""
    if len(address) == 12 and set(address) <= set(HEX):
        return 6  # Go 1.26
    if len(address) < 14:
        return 0
    step, separator = (3, address[2]) if address[2] in ":-" else (5, address[4])
    if separator not in (":-" if step == 3 else ".") or (len(address) + 1) % step:
        return 0
    for at, character in enumerate(address):
        if (character != separator) if at % step == step - 1 else (character not in HEX):
            return 0
    count = (len(address) + 1) // step * (step // 2)
    return count if count in (6, 8, 20) else 0


def is_pci(address: str) -> bool:
    left, dot, function = address.partition(".")
    groups = left.split(":")
    lengths = [len(group) for group in groups]
    return bool(dot) and function in tuple("01234567") and lengths == [4, 2, 2] and set("".join(groups)) <= set(HEX)


def of_ports(ports: Sequence[Object]) -> Iterator[tuple[str, Field]]:
    names = [text(port, "name") for port in ports]
    for index, (name, port) in enumerate(zip(names, ports, strict=True)):
        if name and name in names[:index]:
            yield "duplicate-port-name", ("ports", index, "name")
        if name and not is_port_name(name):
            yield "invalid-port-name", ("ports", index, "name")
        if not 0 < (port.get("port") or 0) <= 65535:
            yield "invalid-port", ("ports", index, "port")
        if text(port, "protocol") not in ("", "TCP", "UDP"):
            yield "unknown-port-protocol", ("ports", index, "protocol")


def is_port_name(name: str) -> bool:
    if len(name) > 15 or name[0] == "-" or name[-1] == "-":
        return False
    seen_letter, before = False, ""
    for character in name:
        if character not in LOWER + DIGITS + "-" or before == character == "-":
            return False
        seen_letter, before = seen_letter or character in LOWER, character
    return seen_letter


def of_port_ranges(interface: Object, cluster: Cluster, *, on_pod_network: bool) -> Iterator[tuple[str, Field]]:
    """The CRD requires the three fields of a range; the rest is the admitter's, to whom an empty list is none."""
    for index, each in enumerate(interface["portRanges"]):
        if not all(has(each, field) for field in ("start", "end", "protocol")):
            yield "invalid-port-range", ("portRanges", index)
    if not cluster.port_ranges:
        yield "port-ranges-gate-disabled", ("name",)
    elif on_pod_network:
        yield from of_read_port_ranges(interface)


def of_read_port_ranges(interface: Object) -> Iterator[tuple[str, Field]]:
    ranges = [(text(each, "protocol"), each.get("start") or 0, each.get("end") or 0) for each in interface["portRanges"]]
    if interface.get("ports"):
        yield "ports-beside-port-ranges", ("name",)
    if not has(interface, "masquerade"):
        yield "port-ranges-without-masquerade", ("name",)
    if len(ranges) > 10:
        yield "too-many-port-ranges", ("name",)
    for index, (protocol, start, end) in enumerate(ranges):
        if protocol not in ("TCP", "UDP") or start < 1 or end < 1 or start > 65535 or end > 65535 or start > end:
            yield "invalid-port-range", ("portRanges", index)
    if any(a[0] == b[0] and a[1] <= b[2] and b[1] <= a[2] for a, b in combinations(ranges, 2)):
        yield "overlapping-port-ranges", ("portRanges",)


def of_dhcp(options: Object) -> Iterator[tuple[str, Field]]:
    """KubeVirt reports the spec as a whole for private options; here the interface stands in for it."""
    numbers = [option.get("option") or 0 for option in options.get("privateOptions") or []]
    if len(set(numbers)) < len(numbers):
        yield "duplicate-dhcp-option", ()
    if any(number < 224 or number > 254 for number in numbers):
        yield "dhcp-option-out-of-range", ()
    for index, server in enumerate(options.get("ntpServers") or []):
        if not holds_ipv4(server):
            yield "ntp-server-not-ipv4", ("dhcpOptions", "ntpServers", index)


def holds_ipv4(address: str) -> bool:
    """Whether the C library reads 4 bytes, or 16 that begin as those of a mapped address; the mutating webhook drops leading zeros."""
    if ":" not in address:
        address = ".".join(byte.lstrip("0") or byte[-1:] for byte in address.split("."))
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except (OSError, ValueError):
        return False
    return len(packed) == 4 or packed.startswith(bytes(10) + b"\xff\xff")


def of_dra(spec: Spec, cluster: Cluster) -> Iterable[Cause]:
    claimed = [(index, network) for index, network in enumerate(spec.networks) if has(network, "resourceClaim")]
    if not claimed:
        return ()
    if not cluster.dra:
        return [Cause("dra-gate-disabled", ("networks",))]
    if any(has(network, "multus") for network in spec.networks):
        return [Cause("dra-beside-multus", ("networks",))]
    return of_claims(spec, claimed)


def of_claims(spec: Spec, claimed: Sequence[tuple[int, Object]]) -> Iterator[Cause]:
    seen = set()
    for index, network in claimed:
        user = next((each for each in spec.interfaces if text(each, "name") == text(network, "name")), None)
        if user is not None and not has(user, "sriov") and not has(user, "binding"):
            yield Cause("dra-without-sriov-or-plugin", INTERFACES)
        at = ("networks", index, "resourceClaim")
        names = {key: text(network["resourceClaim"], key) for key in ("claimName", "requestName")}
        yield from (Cause("incomplete-resource-claim", (*at, key)) for key, name in names.items() if not name)
        if not all(names.values()):
            continue
        if names["claimName"] not in spec.claims:
            yield Cause("resource-claim-not-found", (*at, "claimName"))
        key = "/".join(names.values())
        if key in seen:
            yield Cause("duplicate-resource-claim", ("networks", index))
        seen.add(key)
