"""A network has no interface.

What
    `networks[].name` is the name of no interface.

Why
    The usual cause is a name that was changed in one place only. KubeVirt refuses the VM.

Refused
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: defualt, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    pkg/network/admitter/netiface.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, Mistakes, SpecRule, Violation
from webhook.vmi.vmi import VMI


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Look up each network's name among the interfaces. An interface without a name may be meant: `invalid-interface-name` reports it."""
    names = vmi.interface_named
    if "" in names or names.keys() >= vmi.network_named.keys():
        return ()
    return (
        Violation(("networks", index, "name"), _message(network.name, vmi), "give an interface this name, or remove the network")
        for index, network in enumerate(vmi.networks)
        if (network.name or "") not in names
    )


def _message(name: str | None, vmi: VMI) -> str:
    guess = vmi.meant(name or "", vmi.interface_named)
    return f"no interface is named {quoted(name)}, so nothing uses this network{guess}"


RULE = SpecRule(
    name="network-without-interface",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.REQUIRED,
    trait="has_loose_ends",
    upstream_since=Version(0, 1),
)
