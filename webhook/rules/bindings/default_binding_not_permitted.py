"""A VM without interfaces gets a default binding that this KubeVirt refuses.

What
    A VM has neither interfaces nor networks, `autoattachPodInterface` is not false, and the default binding of the KubeVirt CR
    (`defaultNetworkInterface`, `bridge` when unset) is `bridge` where a bridge on the pod network is not permitted, or `slirp`.

Why
    KubeVirt adds an interface with the default binding to such a VM. When it may not, it refuses the VM, and the message names no field.

Refused
    interfaces: []

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    SetDefaultNetworkInterface in pkg/network/vmispec/defaults.go@v1.9.0. Before 1.3 slirp is accepted where `permitSlirpInterface` is
    true. It is not called for replica sets and pools: the VMIs that they create are refused.
"""

from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, SpecRule, Violation
from webhook.vmi.bindings import DISCONTINUED_SINCE
from webhook.vmi.vmi import VMI

_AT = ("domain", "devices")
_HELP = "give the VM an interface and a network of its own, for example masquerade on the pod network"


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Ask what KubeVirt would add."""
    if not vmi.gets_default_interface:
        return ()
    default = registry.default_network_interface
    if default == "bridge" and not registry.permit_bridge_on_pod_network:
        why = "permitBridgeInterfaceOnPodNetwork is false"
    elif default == "slirp" and registry.at_least(*DISCONTINUED_SINCE):
        why = f"slirp was discontinued in KubeVirt {DISCONTINUED_SINCE}"
    elif default == "slirp" and registry.gates_known and not registry.permit_slirp:
        why = "permitSlirpInterface is not true"
    else:
        return ()
    message = f"KubeVirt adds an interface with its default binding {default} to a VM without interfaces, and refuses that: {why}"
    return [Violation(_AT, message, _HELP)]


RULE = SpecRule(name="default-binding-not-permitted", group=Group.BINDINGS, check=check, trait="has_neither")
