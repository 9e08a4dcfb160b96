"""A VM has more than one Multus default network.

What
    More than one of `networks` has `multus: {default: true}`.

Why
    A Multus default network replaces the pod network of the cluster, and a pod has only one.

Refused
    interfaces: [{name: blue, bridge: {}}, {name: red, bridge: {}}]
    networks: [{name: blue, multus: {networkName: blue, default: true}}, {name: red, multus: {networkName: red, default: true}}]

Accepted
    interfaces: [{name: blue, bridge: {}}, {name: red, bridge: {}}]
    networks: [{name: blue, multus: {networkName: blue, default: true}}, {name: red, multus: {networkName: red}}]

Source
    pkg/network/admitter/netsource.go@v1.9.0, which reports once, at `networks`.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, Mistakes, SpecRule, Violation
from webhook.vmi.vmi import VMI


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Report each default network after the first."""
    networks = vmi.networks
    if len(networks) <= 1:
        return ()
    defaults = [index for index, network in enumerate(networks) if network.multus is not None and network.multus.default]
    if len(defaults) <= 1:
        return ()
    return (
        Violation(
            ("networks", index, "multus", "default"),
            f"networks[{defaults[0]}] ({quoted(networks[defaults[0]].name)}) is the default network already, and a VM can have only one",
            f"remove default from network {quoted(networks[index].name)}; it is then a secondary network",
        )
        for index in defaults[1:]
    )


RULE = SpecRule(
    name="several-default-networks",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.DUPLICATE,
    trait="has_several_defaults",
    upstream_since=Version(0, 1),
)
