"""A forwarded port has a protocol that is neither TCP nor UDP.

What
    `interfaces[].ports[].protocol` is set to something else than `TCP` or `UDP`, and the interface is on the pod network.

Why
    KubeVirt forwards these two only, and compares exactly. On other networks it does not read `ports` at all.

Refused
    ports: [{port: 53, protocol: udp}]
    ports: [{port: 9999, protocol: SCTP}]

Accepted
    ports: [{port: 53, protocol: UDP}]
    ports: [{port: 80}]    # TCP

Source
    pkg/network/admitter/netiface.go@v1.9.0.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistake, Mistakes
from webhook.rules.networks._ports import about_protocol, is_protocol
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Judge each protocol where KubeVirt reads `ports`; those of `portRanges` are `invalid-port-range`'s."""
    if not interface.ports or not vmi.on_pod_network(interface):
        return ()
    return (
        Mistake(("ports", index, "protocol"), *about_protocol(port.protocol))
        for index, port in enumerate(interface.ports)
        if not is_protocol(port.protocol)
    )


RULE = InterfaceRule(name="unknown-port-protocol", group=Group.NETWORKS, check=check, field="ports", upstream_since=Version(0, 1))
