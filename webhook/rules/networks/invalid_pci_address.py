"""The PCI address of an interface is invalid.

What
    `interfaces[].pciAddress` does not have the format `dddd:bb:ss.f`: domain, bus and slot in hexadecimal, and a function from 0 to 7.

Why
    The guest finds the NIC at this address of its PCI bus. KubeVirt refuses addresses that libvirt would not accept. It does not complete
    short forms such as `02:00.0`.

Refused
    pciAddress: "02:00.0"
    pciAddress: "0000:02:00.8"

Accepted
    pciAddress: "0000:02:00.0"

Source
    pkg/network/admitter/netiface.go@v1.9.0, with pkg/util/hardware.
"""

import re

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

is_pci_address = re.compile(r"[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]").fullmatch
_has_no_domain = re.compile(r"[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]").fullmatch


def check(interface: Interface, _vmi: VMI, _registry: Registry) -> Mistakes:
    """Match the address. An empty string counts as absent."""
    address = interface.pci_address
    if not address or is_pci_address(address):
        return ()
    meant = f"; did you mean {quoted('0000:' + address)}?" if _has_no_domain(address) else ""
    message = f"pciAddress {quoted(address)} is not a PCI address{meant}"
    return [Violation(("pciAddress",), message, 'write domain:bus:slot.function, as in "0000:02:00.0"; the function is 0 to 7')]


RULE = InterfaceRule(name="invalid-pci-address", group=Group.NETWORKS, check=check, field="pci_address", upstream_since=Version(0, 1))
