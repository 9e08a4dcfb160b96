"""A VM has DRA networks and Multus networks.

What
    One of `networks` has `resourceClaim`, and one has `multus`.

Why
    Both can pass devices to the virt-launcher pod, in different ways. KubeVirt supports only one of the two in a VM.

Refused
    interfaces: [{name: fast, sriov: {}}, {name: blue, bridge: {}}]
    networks: [{name: fast, resourceClaim: {claimName: nics, requestName: fast}}, {name: blue, multus: {networkName: blue}}]
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Accepted
    interfaces: [{name: default, masquerade: {}}, {name: fast, sriov: {}}]
    networks: [{name: default, pod: {}}, {name: fast, resourceClaim: {claimName: nics, requestName: fast}}]
    resourceClaims: [{name: nics, resourceClaimName: pool-of-nics}]

Source
    pkg/network/admitter/dra.go@v1.9.0, which reports `networks`.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, SpecRule, Violation
from webhook.rules.networks._dra import SINCE, first_dra, first_multus, is_looked_into
from webhook.vmi.vmi import VMI


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Report the first Multus network. If the gate is off, `dra-gate-disabled` reports instead."""
    dra = first_dra(vmi)
    if dra is None or not is_looked_into(registry):
        return ()
    multus = first_multus(vmi)
    if multus is None:
        return ()
    names = quoted(vmi.networks[multus].name), quoted(vmi.networks[dra].name)
    message = f"network {names[0]} has multus and network {names[1]} has resourceClaim, and a VM cannot have both"
    return [Violation(("networks", multus, "multus"), message, "use multus for all secondary networks, or resourceClaim for all")]


RULE = SpecRule(name="dra-beside-multus", group=Group.NETWORKS, check=check, trait="has_claims", since=SINCE, upstream_since=SINCE)
