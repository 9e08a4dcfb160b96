"""An SR-IOV interface is on the pod network, which has no SR-IOV devices.

What
    An interface has `sriov: {}`, and its network is `pod: {}`.

Why
    The guest gets the device that was allocated for the network. For a Multus network the device plugin allocates it, by the resource in
    the NetworkAttachmentDefinition. For a DRA network the claim allocates it. For the pod network nothing is allocated, so there is no
    device for the guest. KubeVirt admits such a VM.

Refused
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, pod: {}}]

Accepted
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, multus: {networkName: sriov-net}}]

Source
    kubevirt/kubevirt pkg/virt-launcher/virtwrap/device/hostdevice/sriov/hostdev.go@0847ae42 reads interfaces and PCI addresses from the
    report of Multus. kubevirt/user-guide docs/network/interfaces_and_networks.md@016d457f shows SR-IOV on Multus networks only.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Check the network."""
    if not vmi.on_pod_network(interface):
        return ()
    message = f"interface {quoted(interface.name)} uses sriov on the pod network, which has no SR-IOV device for the guest"
    dra = ", or to a DRA network (resourceClaim)" if registry.at_least(1, 9) and not registry.at_least(1, 10) else ""
    return [
        Violation(("sriov",), message, f"connect it to a Multus network whose NetworkAttachmentDefinition names an SR-IOV resource{dra}")
    ]


RULE = InterfaceRule(name="sriov-on-pod-network", group=Group.CONSEQUENCES, check=check, action=Action.WARN, field="sriov")
