"""Two forwarded ports of one interface have the same name.

What
    A `name` occurs more than once in `interfaces[].ports`, and the interface is on the pod network.

Why
    The names become those of the pod's ports, where each must be unique. On other networks KubeVirt does not read `ports` at all.

Refused
    ports: [{name: dns, port: 53}, {name: dns, port: 53, protocol: UDP}]

Accepted
    ports: [{name: dns-tcp, port: 53}, {name: dns-udp, port: 53, protocol: UDP}]
    ports: [{port: 53}, {port: 53, protocol: UDP}]    # a port needs no name

Source
    pkg/network/admitter/netiface.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistake, Mistakes
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_ACCEPTED = "give each port of the interface a name of its own, or none"


def check(interface: Interface, vmi: VMI, _registry: Registry) -> Mistakes:
    """Tell every use of a name after its first where KubeVirt reads `ports`; an empty name counts as none."""
    if not interface.ports or not vmi.on_pod_network(interface):
        return ()
    first: dict[str, int] = {}
    return (
        Mistake(("ports", index, "name"), f"port name {quoted(port.name)} is also that of ports[{first[port.name]}]", _ACCEPTED)
        for index, port in enumerate(interface.ports)
        if port.name and first.setdefault(port.name, index) != index
    )


RULE = InterfaceRule(name="duplicate-port-name", group=Group.NETWORKS, check=check, field="ports", upstream_since=Version(0, 1))
