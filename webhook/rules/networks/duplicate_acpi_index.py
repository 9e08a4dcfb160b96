"""Two interfaces have the same ACPI index.

What
    `interfaces[].acpiIndex` is also the index of an earlier interface.

Why
    The guest names a NIC after its ACPI index, such as `eno5`, and cannot give two NICs one name. Where QEMU finds the second index, it
    does not start the VM.

Refused
    interfaces: [{name: default, masquerade: {}, acpiIndex: 5}, {name: blue, bridge: {}, acpiIndex: 5}]      # a warning
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Accepted
    interfaces: [{name: default, masquerade: {}, acpiIndex: 5}, {name: blue, bridge: {}, acpiIndex: 6}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Source
    pkg/virt-launcher/virtwrap/converter/network/configurator.go@v1.9.0 copies an index above 0 into the domain and does not compare it.
    SR-IOV interfaces and interfaces that are `absent` have none there. QEMU: acpi-index in hw/pci/pci.c and hw/acpi/pcihp.c.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI, gets_acpi_index


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Compare with the first interface that has the index."""
    first = vmi.acpi_indexes.get(interface.acpi_index or 0, interface)
    if first is interface or not gets_acpi_index(interface):
        return ()
    message = f"interface {quoted(first.name)} has acpiIndex {interface.acpi_index} too: the guest cannot give both NICs the same name"
    return [Violation(("acpiIndex",), message, "give each interface its own acpiIndex, or none")]


RULE = InterfaceRule(
    name="duplicate-acpi-index",
    group=Group.NETWORKS,
    action=Action.WARN,
    check=check,
    cause=CauseType.DUPLICATE,
    field="acpi_index",
    since=Version(1, 1),
)
