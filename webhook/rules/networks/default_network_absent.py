"""The interface on the default network has state absent.

What
    `interfaces[].state` is `absent`, and its network is the VM's default one: the first that is not a secondary Multus network.

Why
    `absent` unplugs a NIC from a running VM. KubeVirt does that on secondary networks only.

Refused
    interfaces: [{name: default, bridge: {}, state: absent}]
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}}, {name: blue, bridge: {}, state: absent}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Source
    pkg/network/admitter/admit.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._states import ABSENT, STATE_SINCE
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Compare with the default network's name. `state-unsupported-by-binding` checks the binding."""
    if interface.state != ABSENT:
        return ()
    default = vmi.default_network
    if default is None or (default.name or "") != (interface.name or ""):
        return ()
    message = f"state {quoted(ABSENT)} works on secondary networks only, and {quoted(interface.name)} is the default network"
    return [Violation(("state",), message, "remove state, or stop the VM and remove the interface and its network")]


RULE = InterfaceRule(
    name="default-network-absent", group=Group.NETWORKS, check=check, field="state", since=STATE_SINCE, upstream_since=STATE_SINCE
)
