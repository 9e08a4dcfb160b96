"""Where the core bindings slirp, passt and macvtap are permitted before KubeVirt 1.3.

Source: validateInterfaceNetworkBasics in pkg/virt-api/webhooks/validating-webhook/admitters/vmi-create-admitter.go@v1.1.1 and v1.2.2.
"""

from typing import NamedTuple

from webhook.plugins.gates import how_to_enable
from webhook.plugins.registry import Registry
from webhook.vmi.bindings import DISCONTINUED_SINCE
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


class Refusal(NamedTuple):
    """Why KubeVirt refuses a legacy binding of an interface.

    Attributes:
        field: The binding.
        reason: What is wrong; completes a sentence that begins with the binding.
        accepted: What the owner of the VM can do.
        for_admin: What only an administrator of the cluster can do.
    """

    field: str
    reason: str
    accepted: str
    for_admin: str = ""


def refusals(interface: Interface, vmi: VMI, registry: Registry) -> list[Refusal]:
    """The legacy bindings of an interface that the running KubeVirt, older than 1.3, refuses."""
    if registry.at_least(*DISCONTINUED_SINCE):
        return []
    network = vmi.network_of(interface)
    if network is None:
        return []  # `interface-without-network` is reported instead, as in KubeVirt
    reasons: list[Refusal | None] = []
    if interface.slirp is not None:
        reasons.append(_slirp(registry, on_pod_network=network.pod is not None))
    if interface.passt is not None:
        reasons.append(_passt(registry, on_pod_network=network.pod is not None, is_single=len(vmi.interfaces) <= 1))
    if interface.macvtap is not None:
        reasons.append(_macvtap(registry, on_multus=network.multus is not None))
    return [reason for reason in reasons if reason is not None]


def _slirp(registry: Registry, *, on_pod_network: bool) -> Refusal | None:
    if not on_pod_network:
        return Refusal("slirp", "works on the pod network only", "connect the interface to the pod network")
    if registry.gates_known and not registry.permit_slirp:
        on = "set spec.configuration.network.permitSlirpInterface to true in the KubeVirt CR"
        return Refusal("slirp", "is not permitted in this cluster", "use masquerade: {}", on)
    return None


def _passt(registry: Registry, *, on_pod_network: bool, is_single: bool) -> Refusal | None:
    if _is_off("Passt", registry):
        return Refusal("passt", "needs feature gate Passt, which is off", "use masquerade: {}", how_to_enable("Passt"))
    if not on_pod_network:
        return Refusal("passt", "works on the pod network only", "connect the interface to the pod network")
    if not is_single:
        return Refusal("passt", "works only as the single interface of a VM", "remove the other interfaces, or use masquerade: {}")
    return None


def _macvtap(registry: Registry, *, on_multus: bool) -> Refusal | None:
    if _is_off("Macvtap", registry):
        return Refusal("macvtap", "needs feature gate Macvtap, which is off", "use bridge: {}", how_to_enable("Macvtap"))
    if not on_multus:
        return Refusal("macvtap", "works on a Multus network only", "connect the interface to a Multus network")
    return None


def _is_off(name: str, registry: Registry) -> bool:
    """Whether a gate is known to be off."""
    gate = registry.gate(name)
    return gate.is_known and not gate.is_on
