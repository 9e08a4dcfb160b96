"""An interface has no network.

What
    `interfaces[].name` is the name of no network.

Why
    The name alone connects an interface to its network. Without a network there is nothing to connect the NIC to.

Refused
    interfaces: [{name: defualt, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    pkg/network/admitter/netiface.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Look up the interface's name among the networks. `invalid-interface-name` reports a missing name."""
    name = interface.name
    if not name or name in vmi.network_named:
        return ()
    guess = vmi.meant(name, vmi.network_named)
    message = f"no network is named {quoted(name)}, so this interface has no network{guess}"
    return [Violation(("name",), message, "use the name of a network, or add a network of this name")]


RULE = InterfaceRule(
    name="interface-without-network", group=Group.NETWORKS, check=check, cause=CauseType.NOT_FOUND, upstream_since=Version(0, 1)
)
