"""An interface on a DRA network has a binding that cannot use it.

What
    The network of an interface has `resourceClaim`, and the interface has neither `sriov` nor `binding`.

Why
    A DRA claim hands a device to the pod. SR-IOV gives that device to the guest, and a plugin may; the other bindings need a pod NIC.

Refused
    interfaces: [{name: fast, bridge: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nics, requestName: fast}}]
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Accepted
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nics, requestName: fast}}]
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Source
    pkg/network/admitter/dra.go@v1.9.0, which reports `domain.devices.interfaces`.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, SpecRule, Violation
from webhook.rules.networks._dra import SINCE, evaluated
from webhook.vmi.bindings import wiring
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Ask the first interface of each DRA network's name; a network without any is `network-without-interface`'s to tell."""
    networks = evaluated(vmi, registry)
    if not networks:
        return ()
    first: dict[str, int] = {}
    for index, interface in enumerate(vmi.interfaces):
        first.setdefault(interface.name or "", index)
    names = dict.fromkeys(network.name or "" for _, network, _ in networks)
    places = [first[name] for name in names if name in first]
    return (_violation(index, interface) for index in places if _cannot_use_a_claim(interface := vmi.interfaces[index]))


def _cannot_use_a_claim(interface: Interface) -> bool:
    return interface.sriov is None and interface.binding is None


def _violation(index: int, interface: Interface) -> Violation:
    message = f"a DRA network needs sriov or a plugin, and interface {quoted(interface.name)} has {wiring(interface)}"
    return Violation(("domain", "devices", "interfaces", index), message, "set sriov: {}, or binding with a plugin that uses DRA claims")


RULE = SpecRule(
    name="dra-without-sriov-or-plugin", group=Group.NETWORKS, check=check, trait="has_claims", since=SINCE, upstream_since=SINCE
)
