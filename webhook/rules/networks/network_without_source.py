"""A network has no source.

What
    One of `networks` has neither `pod` nor `multus` nor `resourceClaim`, or only a `resourceClaim` before KubeVirt 1.9.

Why
    The source says what an interface is connected to. KubeVirt before 1.9 does not know `resourceClaim`: the API server drops it, and only
    the name of the network is left.

Refused
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default}]

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    pkg/network/admitter/netsource.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, Mistakes, SpecRule, Violation
from webhook.rules.networks._dra import SINCE as CLAIMS_SINCE
from webhook.vmi.spec import Network
from webhook.vmi.vmi import VMI


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Check each network for a source that the running KubeVirt knows: `{}` is a source, `null` is none."""
    return (
        Violation(("networks", index), _message(network, registry), _accepted(registry))
        for index, network in enumerate(vmi.networks)
        if network.pod is None and network.multus is None and (network.resource_claim is None or not registry.at_least(*CLAIMS_SINCE))
    )


def _message(network: Network, registry: Registry) -> str:
    if network.resource_claim is not None:
        return f"resourceClaim of network {quoted(network.name)} is unknown to KubeVirt {registry.version}: it came with {CLAIMS_SINCE}"
    return f"network {quoted(network.name)} has no source"


def _accepted(registry: Registry) -> str:
    claim = ", or resourceClaim" if registry.at_least(*CLAIMS_SINCE) else ""
    return f"set pod: {{}}, or multus with a networkName{claim}"


RULE = SpecRule(
    name="network-without-source",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.REQUIRED,
    trait="has_odd_sources",
    upstream_since=Version(0, 1),
)
