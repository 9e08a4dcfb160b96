"""A VM without interfaces gets a default binding that this KubeVirt refuses.

What
    A VM has neither interfaces nor networks, `autoattachPodInterface` is not false, and the default binding of the KubeVirt CR
    (`defaultNetworkInterface`, `bridge` when unset) is `bridge` where a bridge on the pod network is not permitted, or `slirp`.

Why
    KubeVirt adds an interface with the default binding to such a VM. If it may not, it refuses the VM, and its message names no field.

Refused
    interfaces: []

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    SetDefaultNetworkInterface in pkg/network/vmispec/defaults.go@v1.9.0. Before 1.3 KubeVirt accepts slirp where `permitSlirpInterface` is
    true. KubeVirt does not call it for replica sets and pools, but refuses the VMIs that they create.
"""

from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, SpecRule, Violation
from webhook.vmi.bindings import DISCONTINUED_SINCE
from webhook.vmi.vmi import VMI

_AT = ("domain", "devices")
_HELP = "give the VM an interface and a network, such as masquerade: {} on the pod network"
_FOR_ADMIN = "set spec.configuration.network.defaultNetworkInterface to masquerade in the KubeVirt CR"


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Check the interface that KubeVirt would add."""
    if not vmi.gets_default_interface:
        return ()
    default = registry.default_network_interface
    if default == "bridge" and not registry.permit_bridge_on_pod_network:
        why = "this cluster does not permit it on the pod network"
    elif default == "slirp" and registry.at_least(*DISCONTINUED_SINCE):
        why = f"KubeVirt discontinued it in {DISCONTINUED_SINCE}"
    elif default == "slirp" and registry.gates_known and not registry.permit_slirp:
        why = "this cluster does not permit it"
    else:
        return ()
    message = f"the VM has no interface, and KubeVirt refuses the {default} interface that it adds by default: {why}"
    return [Violation(_AT, message, _HELP, for_admin=_FOR_ADMIN)]


RULE = SpecRule(name="default-binding-not-permitted", group=Group.BINDINGS, check=check, depends_on_cr=True, trait="has_neither")
