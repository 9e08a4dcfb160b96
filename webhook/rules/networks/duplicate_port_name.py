"""Two forwarded ports of a VM have the same name.

What
    A `name` occurs more than once in the `ports` of all interfaces.

Why
    The names become the names of the pod's ports, which must be unique. KubeVirt's webhook compares the names within an interface on the
    pod network only. Otherwise the API server refuses the virt-launcher pod (containerPortsFromVMI).

Refused
    ports: [{name: dns, port: 53}, {name: dns, port: 53, protocol: UDP}]

Accepted
    ports: [{name: dns-tcp, port: 53}, {name: dns-udp, port: 53, protocol: UDP}]
    ports: [{port: 53}, {port: 53, protocol: UDP}]    # a port needs no name

Source
    pkg/network/admitter/netiface.go@v1.9.0; containerPortsFromVMI in pkg/virt-controller/services/@v1.1.0 to v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_ACCEPTED = "give each port of the VM a name of its own, or none"


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Report each use of a name after its first in the VM. An empty name counts as absent."""
    if not interface.ports:
        return ()
    return (
        Violation(("ports", index, "name"), f"another port of this VM is named {quoted(port.name)} too", _ACCEPTED)
        for index, port in enumerate(interface.ports)
        if port.name and vmi.port_names[port.name] is not port
    )


RULE = InterfaceRule(name="duplicate-port-name", group=Group.NETWORKS, check=check, cause=CauseType.DUPLICATE, field="ports")
