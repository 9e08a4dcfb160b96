"""A forwarded port has a protocol that is neither TCP nor UDP.

What
    `interfaces[].ports[].protocol` is set, but not to `TCP` or `UDP`. On other networks than the pod network `SCTP` is accepted too.

Why
    KubeVirt forwards only these two, in this spelling. KubeVirt's webhook checks ports on the pod network only. Every port of every
    interface becomes a port of the container (containerPortsFromVMI), so on other networks the API server refuses the virt-launcher pod.

Refused
    ports: [{port: 53, protocol: udp}]
    ports: [{port: 9999, protocol: SCTP}]

Accepted
    ports: [{port: 53, protocol: UDP}]
    ports: [{port: 80}]    # TCP

Source
    pkg/network/admitter/netiface.go@v1.9.0; containerPortsFromVMI in pkg/virt-controller/services/@v1.1.0 to v1.9.0.
"""

from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._ports import about_protocol, is_protocol
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Check each protocol, on any network. `invalid-port-range` checks those of `portRanges`."""
    if not interface.ports:
        return ()
    on_pod_network = vmi.on_pod_network(interface)
    return (
        Violation(("ports", index, "protocol"), *about_protocol(port.protocol))
        for index, port in enumerate(interface.ports)
        if not is_protocol(port.protocol, on_pod_network=on_pod_network)
    )


RULE = InterfaceRule(name="unknown-port-protocol", group=Group.NETWORKS, check=check, cause=CauseType.NOT_SUPPORTED, field="ports")
