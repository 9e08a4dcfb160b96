"""Which ports, protocols and port ranges KubeVirt accepts, for several rules."""

import re

from webhook.kube.text import quoted, shown
from webhook.plugins.registry import Registry
from webhook.vmi.spec import Interface, PortRange
from webhook.vmi.vmi import VMI

HIGHEST_PORT = 65535
PORT_RANGES_GATE = "PortRangesSpec"
MAX_NAME_LENGTH = 15
_PROTOCOLS = ("TCP", "UDP")
_POD_PROTOCOLS = (*_PROTOCOLS, "SCTP")
"""What the API server takes for the port of a pod."""
_is_of_port_characters = re.compile(r"[-a-z0-9]+").fullmatch
_has_letter = re.compile(r"[a-z]").search


def port_ranges_are_read(interface: Interface, vmi: VMI, registry: Registry) -> bool:
    """Whether KubeVirt looks into `portRanges`: on the pod network, unless the gate is known to be off (`port-ranges-gate-disabled`).

    An empty list counts as none: KubeVirt's mutating webhook drops it (observed on 1.9.0).
    """
    if not interface.port_ranges or not vmi.on_pod_network(interface):
        return False
    gate = registry.gate(PORT_RANGES_GATE)
    return gate.is_on or not gate.is_known


def is_port(number: int | None) -> bool:
    """Whether there is a port of this number; absent counts as 0, as in Go."""
    return number is not None and 0 < number <= HIGHEST_PORT


def is_protocol(protocol: str | None, *, on_pod_network: bool) -> bool:
    """Whether a port can have this protocol: KubeVirt asks on the pod network, else the API server; absent and empty mean TCP."""
    return not protocol or protocol in (_PROTOCOLS if on_pod_network else _POD_PROTOCOLS)


def name_faults(name: str) -> list[str]:
    """Why Kubernetes does not take a name for that of a port (IsValidPortName); empty when it does."""
    found = (
        (len(name) > MAX_NAME_LENGTH, f"has more than {MAX_NAME_LENGTH} characters"),
        (not _is_of_port_characters(name), "has characters other than a-z, 0-9 and -"),
        (not _has_letter(name), "has no letter from a to z"),
        ("--" in name, "has two hyphens in a row"),
        (name.startswith("-"), "begins with a hyphen"),
        (name.endswith("-"), "ends with a hyphen"),
    )
    return [fault for is_so, fault in found if is_so]


def is_range(ports: PortRange) -> bool:
    """Whether `invalid-port-range` accepts a range."""
    return is_port(ports.start) and is_port(ports.end) and (ports.start or 0) <= (ports.end or 0) and has_range_protocol(ports)


def about_protocol(protocol: str | None) -> tuple[str, str]:
    """Message and instruction for a protocol that KubeVirt does not forward."""
    upper = (protocol or "").strip().upper()
    meant = f"; did you mean {upper}?" if upper in _PROTOCOLS else ""
    return f"protocol {quoted(protocol)} is neither TCP nor UDP{meant}", "write TCP or UDP in capitals; the default is TCP"


def about_range_protocol(protocol: str | None) -> tuple[str, str]:
    """Message and instruction for the protocol of a range, which must be given."""
    if not protocol:
        return "the range has no protocol", "write TCP or UDP in capitals"
    return about_protocol(protocol)[0], "write TCP or UDP in capitals"


def has_range_protocol(ports: PortRange) -> bool:
    """Whether a range has a protocol that KubeVirt forwards; unlike that of a port it must be given."""
    return ports.protocol in _PROTOCOLS


def lacks_fields(ports: PortRange) -> bool:
    """Whether a field is missing that the CRD requires."""
    return ports.start is None or ports.end is None or ports.protocol is None


def about_port(field: str, number: int | None) -> str:
    """Message for a number that is not a port."""
    if number is None:
        return f"{field} is missing"
    return f"{field} is {shown(number)}, and ports are 1 to {HIGHEST_PORT}"
