"""A Multus network does not say which NetworkAttachmentDefinition it uses.

What
    One of `networks` has `multus`, and its `networkName` is absent or empty.

Why
    `networkName` is the NetworkAttachmentDefinition, as `name` or `namespace/name`. Multus cannot attach anything without it.

Refused
    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: ""}}]

Accepted
    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: lab/blue}}]

Source
    pkg/network/admitter/netsource.go@v1.9.0, which reports the first one only, at `networks[n]`.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, Mistakes, SpecRule, Violation
from webhook.vmi.vmi import VMI


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Check each Multus network for its networkName. Whether that object exists is not known here."""
    return (
        Violation(
            ("networks", index, "multus", "networkName"),
            f"network {quoted(network.name)} has multus without a networkName",
            "set networkName to a NetworkAttachmentDefinition: name, or namespace/name",
        )
        for index, network in enumerate(vmi.networks)
        if network.multus is not None and not network.multus.network_name
    )


RULE = SpecRule(
    name="multus-without-network-name",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.REQUIRED,
    trait="has_odd_sources",
    upstream_since=Version(0, 1),
)
