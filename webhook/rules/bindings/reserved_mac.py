"""A masquerade interface has the MAC address of the bridge in the pod.

What
    An interface has `masquerade: {}` and `macAddress: 02:00:00:00:00:00`.

Why
    For masquerade KubeVirt creates a bridge with this address in the pod. A guest NIC with the same address could not communicate with it.

Refused
    interfaces: [{name: default, masquerade: {}, macAddress: "02:00:00:00:00:00"}]
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}, macAddress: "02:00:00:00:00:01"}]
    networks: [{name: default, pod: {}}]

Source
    pkg/network/admitter/binding.go@v1.9.0 and `IsReserved` in pkg/network/link@v1.9.0, which compare the text: `02-00-00-00-00-00` passes.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_RESERVED = "02:00:00:00:00:00"


def check(interface: Interface, _vmi: VMI, _registry: Registry) -> Mistakes:
    """Compare the text, as KubeVirt does."""
    if interface.mac_address != _RESERVED or interface.masquerade is None:
        return ()
    message = f"macAddress {quoted(_RESERVED)} is reserved for the bridge that masquerade creates in the pod"
    return [Violation(("macAddress",), message, "use another address, or remove macAddress to get a generated one")]


RULE = InterfaceRule(name="reserved-mac", group=Group.BINDINGS, check=check, field="mac_address", upstream_since=Version(0, 1))
