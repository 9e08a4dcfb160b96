"""A forwarded port has an invalid port name.

What
    `interfaces[].ports[].name` is longer than 15 characters, has other characters than a-z, 0-9 and `-`, has no letter, has `--`, or begins
    or ends with `-`.

Why
    The name becomes the name of a port of the pod, and Kubernetes refuses such names. KubeVirt's webhook checks ports on the pod network
    only. Every port of every interface becomes a port of the container (containerPortsFromVMI), so on other networks the API server refuses
    the virt-launcher pod.

Refused
    ports: [{name: HTTP, port: 80}]
    ports: [{name: "8080", port: 8080}]

Accepted
    ports: [{name: http, port: 80}]
    ports: [{name: p8080, port: 8080}]

Source
    pkg/network/admitter/netiface.go@v1.9.0; containerPortsFromVMI in pkg/virt-controller/services/@v1.1.0 to v1.9.0. The format is that of
    Kubernetes' IsValidPortName.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.rules.networks._ports import MAX_NAME_LENGTH, name_faults
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_ACCEPTED = f"use at most {MAX_NAME_LENGTH} characters of a-z, 0-9 and single hyphens inside, with at least one letter"


def check(interface: Interface, _vmi: VMI, _registry: Registry) -> Mistakes:
    """Check each name, on any network. A port needs no name, and an empty one counts as absent."""
    if not interface.ports:
        return ()
    return (
        Violation(("ports", index, "name"), f"port name {quoted(port.name)} {' and '.join(faults)}", _ACCEPTED)
        for index, port in enumerate(interface.ports)
        if port.name and (faults := name_faults(port.name))
    )


RULE = InterfaceRule(name="invalid-port-name", group=Group.NETWORKS, check=check, field="ports")
