"""The reference of a Multus default network has no namespace.

What
    `multus.default` is true, and `networkName` is `name`, not `namespace/name`.

Why
    KubeVirt copies the reference of a default network unchanged into an annotation of the pod. Multus looks up a name without a namespace
    in its own namespace (usually kube-system), not in the namespace of the VM. If it does not exist there, the pod stays in
    ContainerCreating. Up to 1.8 virt-controller also looks it up in the namespace of the VM, so it must exist in both.

Refused
    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: access, default: true}}]

Accepted
    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: lab/access, default: true}}]

Source
    pkg/network/pod/annotations/generator.go@v1.9.0 and pkg/virt-controller/services/template.go@v1.1.1 (annotation
    `v1.multus-cni.io/default-network`); Multus' documentation of that annotation.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, Mistakes, SpecRule, Violation
from webhook.vmi.vmi import VMI


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Report default networks without a "/" in their reference."""
    return (
        Violation(
            ("networks", index, "multus", "networkName"),
            f"networkName {quoted(network.multus.network_name)} of a default network has no namespace: Multus looks it up in its own",
            "write namespace/name, with the namespace of the NetworkAttachmentDefinition",
        )
        for index, network in enumerate(vmi.networks)
        if network.multus is not None and network.multus.default and network.multus.network_name and "/" not in network.multus.network_name
    )


RULE = SpecRule(name="default-network-without-namespace", group=Group.NETWORKS, check=check, action=Action.WARN, trait="has_default_multus")
