"""A forwarded port has no valid port number.

What
    `interfaces[].ports[].port` is absent, 0, negative or above 65535.

Why
    KubeVirt forwards ports by number, and refuses an entry without a valid one. KubeVirt's webhook checks ports on the pod network only.
    Every port of every interface becomes a port of the container (containerPortsFromVMI), so on other networks the API server refuses the
    virt-launcher pod.

Refused
    ports: [{name: http}]
    ports: [{port: 70000}]

Accepted
    ports: [{name: http, port: 80}]

Source
    pkg/network/admitter/netiface.go@v1.9.0; containerPortsFromVMI in pkg/virt-controller/services/@v1.1.0 to v1.9.0. KubeVirt before 1.9
    accepts 65536, and then the rule warns.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._ports import HIGHEST_PORT, about_port, is_port
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_ADMITTED_BEFORE = 65536
_REFUSED_SINCE = Version(1, 9)


def check(interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Check each number, on any network."""
    if not interface.ports:
        return ()
    return (_violation(index, port.port, registry) for index, port in enumerate(interface.ports) if not is_port(port.port))


def _violation(index: int, number: int | None, registry: Registry) -> Violation:
    accepted = f"write the port that the guest listens on, from 1 to {HIGHEST_PORT}"
    if number is None:
        return Violation(("ports", index), "this entry has no port", accepted)
    at = ("ports", index, "port")
    if number == 0:
        return Violation(at, "port is 0, which counts as missing", accepted)
    if number == _ADMITTED_BEFORE and not registry.at_least(*_REFUSED_SINCE):
        message = f"port is {number}, which KubeVirt admits, but the highest port is {HIGHEST_PORT}"
        return Violation(at, message, accepted, at_most=Action.WARN)
    return Violation(at, about_port("port", number), accepted)


RULE = InterfaceRule(name="invalid-port", group=Group.NETWORKS, check=check, field="ports")
