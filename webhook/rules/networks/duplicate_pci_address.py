"""An interface has the same PCI address as another device.

What
    `interfaces[].pciAddress` is also the address of an earlier interface, or of a virtio disk.

Why
    KubeVirt admits the VM. libvirt then refuses the domain (`Attempted double use of PCI Address`), so the VM never starts. The sidecar of
    a plugin may choose another address: if one of the two interfaces uses a plugin that attaches no tap device, the rule only warns.

Refused
    interfaces: [{name: default, masquerade: {}, pciAddress: "0000:02:00.0"}, {name: blue, bridge: {}, pciAddress: "0000:02:00.0"}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Accepted
    interfaces: [{name: default, masquerade: {}, pciAddress: "0000:02:00.0"}, {name: blue, bridge: {}, pciAddress: "0000:03:00.0"}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Source
    pkg/network/admitter/netiface.go@v1.9.0 checks each address alone. pkg/virt-launcher/virtwrap/converter/network/configurator.go and
    pkg/virt-launcher/virtwrap/device/hostdevice/sriov/hostdev.go, both @v1.9.0, copy it into the domain, except for interfaces that are
    `absent`. libvirt: virDomainPCIAddressReserveAddrInternal in src/conf/domain_addr.c.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks.invalid_pci_address import is_pci_address
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import ABSENT, VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Compare with the first device that has the address, in any case of its digits. `invalid-pci-address` reports what is no address."""
    address = interface.pci_address or ""
    if not is_pci_address(address) or interface.state == ABSENT or (first := vmi.pci_addresses[address.lower()]) is interface:
        return ()
    by_kubevirt = _is_set_by_kubevirt(interface, registry)
    other = "a disk"
    if isinstance(first, Interface):
        other = f"interface {quoted(first.name)}"
        by_kubevirt = by_kubevirt and _is_set_by_kubevirt(first, registry)
    at_most = Action.DENY if by_kubevirt else Action.WARN
    message = f"{other} has pciAddress {quoted(address)} too, so the VM does not start"
    return [Violation(("pciAddress",), message, "give each device its own pciAddress, or none", at_most)]


def _is_set_by_kubevirt(interface: Interface, registry: Registry) -> bool:
    """Whether KubeVirt itself adds the interface to the domain, and not the sidecar of a plugin."""
    if interface.binding is None:
        return True
    plugin = registry.plugins.get(interface.binding.name or "")
    return plugin is not None and plugin.domain_attachment_type in registry.attachment_types


RULE = InterfaceRule(
    name="duplicate-pci-address",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.DUPLICATE,
    field="pci_address",
    since=Version(1, 1),
    depends_on_cr=True,
)
