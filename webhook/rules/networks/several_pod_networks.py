"""A VM has more than one pod network.

What
    More than one of `networks` has `pod: {}`.

Why
    A virt-launcher pod has one NIC on the pod network of the cluster, so only one interface of the VM can use it.

Refused
    interfaces: [{name: default, masquerade: {}}, {name: blue, masquerade: {}}]
    networks: [{name: default, pod: {}}, {name: blue, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}}, {name: blue, bridge: {}}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Source
    pkg/network/admitter/netsource.go@v1.9.0, which reports once, at a field `interfaces` that does not exist.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, Mistakes, SpecRule, Violation
from webhook.vmi.vmi import VMI


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Report each pod network after the first."""
    networks = vmi.networks
    if len(networks) <= 1:
        return ()
    pods = [index for index, network in enumerate(networks) if network.pod is not None]
    if len(pods) <= 1:
        return ()
    return (
        Violation(
            ("networks", index, "pod"),
            f"networks[{pods[0]}] ({quoted(networks[pods[0]].name)}) is the pod network already, and a VM can have only one",
            f"use multus for network {quoted(networks[index].name)}, or remove it and its interface",
        )
        for index in pods[1:]
    )


RULE = SpecRule(
    name="several-pod-networks",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.DUPLICATE,
    trait="has_several_defaults",
    upstream_since=Version(0, 1),
)
