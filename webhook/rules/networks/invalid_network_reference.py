"""A Multus network has an invalid reference to a NetworkAttachmentDefinition.

What
    `networks[].multus.networkName` is neither `name` nor `namespace/name` with names as Kubernetes allows them, or the name has more than
    170 characters.

Why
    KubeVirt admits the VM, and splits the value at the first "/" only. Up to 1.8 virt-controller finds no such object and creates no pod
    ("failed to locate network attachment definition"). From 1.9 Multus does not find it, and the pod stays in ContainerCreating. An object
    with a longer name can exist, but Multus fails: it uses the name in a file name, together with a container id and more, and file names
    have at most 255 bytes.

Refused
    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: Lan_VLAN100}}]

    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: lab/lan/x}}]

Accepted
    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: lab/lan-vlan100}}]

Source
    pkg/network/multus/nad.go@v1.9.0; kubevirt/kubevirt#17873 for the length. In the reference of a default network (`default: true`) Multus
    reads the name of an interface after an "@".
"""

from collections.abc import Iterable

from webhook.kube.nad import REFERENCE_HELP, fault_of
from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, SpecRule, Violation
from webhook.vmi.spec import MultusNetwork, Network
from webhook.vmi.vmi import VMI


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Check each reference. `multus-without-network-name` reports a missing one."""
    for network in vmi.networks:
        if network.multus is not None and _fault(network.multus):
            return _violations(vmi.networks)
    return ()


def _violations(networks: Iterable[Network]) -> Mistakes:
    return (
        Violation(
            ("networks", index, "multus", "networkName"),
            f"networkName {quoted(network.multus.network_name)} is not valid: {fault}",
            REFERENCE_HELP,
        )
        for index, network in enumerate(networks)
        if network.multus is not None and (fault := _fault(network.multus))
    )


def _fault(multus: MultusNetwork) -> str | None:
    written = multus.network_name
    if not written:
        return None
    return fault_of(written.rpartition("@")[0] if multus.default and "@" in written else written)


RULE = SpecRule(name="invalid-network-reference", group=Group.NETWORKS, check=check, trait="has_multus")
