"""Two networks have the same name.

What
    `networks[].name` is the name of an earlier network of the same VM.

Why
    An interface finds its network by name. With two networks of the same name it is not clear which one is meant.

Refused
    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: blue}}, {name: blue, multus: {networkName: dark-blue}}]

Accepted
    interfaces: [{name: blue, bridge: {}}, {name: dark-blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: blue}}, {name: dark-blue, multus: {networkName: dark-blue}}]

Source
    pkg/network/admitter/netiface.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, Mistakes, SpecRule, Violation
from webhook.rules.networks._repeats import repeats
from webhook.vmi.vmi import VMI


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Report each network with the name of an earlier one. A missing name is the empty name, as in KubeVirt."""
    networks = vmi.networks
    if len(vmi.network_named) == len(networks):
        return ()
    return (
        Violation(
            ("networks", index, "name"),
            f"networks[{earlier}] is named {quoted(networks[index].name)} too",
            "give each network its own name, and its interface the same name",
        )
        for index, earlier in repeats(network.name for network in networks)
    )


RULE = SpecRule(
    name="duplicate-network-name",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.DUPLICATE,
    trait="has_repeated_names",
    upstream_since=Version(0, 1),
)
