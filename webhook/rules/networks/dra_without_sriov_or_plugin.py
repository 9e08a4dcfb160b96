"""The binding of an interface cannot use a DRA network.

What
    The network of an interface has `resourceClaim`, and the interface has neither `sriov` nor `binding`; from 1.10 it has no `binding`.

Why
    A DRA claim passes a device to the pod. SR-IOV passes this device on to the guest, and a plugin may. The other bindings need a NIC in
    the pod. For 1.10 it is planned that only a plugin may use a claim, and that its sidecar gets the device.

Refused
    interfaces: [{name: fast, bridge: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nics, requestName: fast}}]
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Accepted
    interfaces: [{name: fast, sriov: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nics, requestName: fast}}]
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Source
    pkg/network/admitter/dra.go@v1.9.0, which reports `domain.devices.interfaces`; for 1.10 VEP 183 of kubevirt/enhancements and
    kubevirt/kubevirt#18451.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, SpecRule, Violation
from webhook.rules.networks._dra import SINCE, evaluated
from webhook.vmi.bindings import wiring
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_PLUGINS_ONLY_SINCE = Version(1, 10)


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Check the first interface of each DRA network. `network-without-interface` reports a network without one."""
    networks = evaluated(vmi, registry)
    if not networks:
        return ()
    first: dict[str, int] = {}
    for index, interface in enumerate(vmi.interfaces):
        first.setdefault(interface.name or "", index)
    names = dict.fromkeys(network.name or "" for _, network, _ in networks)
    places = [first[name] for name in names if name in first]
    sriov_serves = not registry.at_least(*_PLUGINS_ONLY_SINCE)
    return (
        _violation(index, vmi.interfaces[index], sriov_serves=sriov_serves)
        for index in places
        if vmi.interfaces[index].binding is None and not (sriov_serves and vmi.interfaces[index].sriov is not None)
    )


def _violation(index: int, interface: Interface, *, sriov_serves: bool) -> Violation:
    needed, release = ("sriov or a plugin", "") if sriov_serves else ("a plugin", f"from KubeVirt {_PLUGINS_ONLY_SINCE} on ")
    message = f"{release}a network with resourceClaim needs {needed}, and interface {quoted(interface.name)} has {wiring(interface)}"
    plugin = "a plugin that uses DRA claims"
    return Violation(
        ("domain", "devices", "interfaces", index), message, f"use sriov: {{}}, or {plugin}" if sriov_serves else f"use {plugin}"
    )


RULE = SpecRule(
    name="dra-without-sriov-or-plugin", group=Group.NETWORKS, check=check, trait="has_claims", since=SINCE, upstream_since=SINCE
)
