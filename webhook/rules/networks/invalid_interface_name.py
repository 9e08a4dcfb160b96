"""An interface has no name, or a name with characters that KubeVirt does not allow.

What
    `interfaces[].name` is empty, or has other characters than the letters a-z and A-Z, digits, `-` and `_`.

Why
    The name becomes the alias of the NIC in the libvirt domain. KubeVirt refuses names that libvirt would not accept there.

Refused
    interfaces: [{name: net.1, masquerade: {}}]
    networks: [{name: net.1, pod: {}}]

Accepted
    interfaces: [{name: net_1, masquerade: {}}]
    networks: [{name: net_1, pod: {}}]

Source
    pkg/network/admitter/netiface.go@v1.9.0.
"""

import re

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_is_name = re.compile(r"[A-Za-z0-9_-]+").fullmatch
_first_other = re.compile(r"[^A-Za-z0-9_-]").search


def check(interface: Interface, _vmi: VMI, _registry: Registry) -> Mistakes:
    """Match the name. `interface-without-network` checks whether a network has it."""
    name = interface.name or ""
    if (name.isascii() and name.isalnum()) or _is_name(name):  # most names need no pattern, which takes four times as long
        return ()
    return [Violation(("name",), _message(name), "use only the letters a-z and A-Z, digits, - and _, here and in the network's name")]


def _message(name: str) -> str:
    other = _first_other(name)
    if other is None:
        return "the interface has no name"
    return f"interface name {quoted(name)} contains {quoted(other.group())}, which is not allowed"


RULE = InterfaceRule(name="invalid-interface-name", group=Group.NETWORKS, check=check, upstream_since=Version(0, 1))
