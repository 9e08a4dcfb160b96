"""A network has more than one source.

What
    One of `networks` has more than one of `pod`, `multus` and `resourceClaim` (which counts since KubeVirt 1.9).

Why
    A network can have only one source, and KubeVirt does not choose one. An empty object counts too: `pod: {}` is a source.

Refused
    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, pod: {}, multus: {networkName: blue}}]

Accepted
    interfaces: [{name: blue, bridge: {}}]
    networks: [{name: blue, multus: {networkName: blue}}]

Source
    pkg/network/admitter/netsource.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, SpecRule, Violation
from webhook.rules.networks._dra import SINCE as CLAIMS_SINCE
from webhook.vmi.spec import Network
from webhook.vmi.vmi import VMI


def check(vmi: VMI, registry: Registry) -> Mistakes:
    """Count the sources that the running KubeVirt knows. The API server prunes all others."""
    return (
        Violation(("networks", index), _message(network, sources), "keep one of them")
        for index, network in enumerate(vmi.networks)
        if (network.pod is not None) + (network.multus is not None) + (network.resource_claim is not None) > 1
        and len(sources := _sources(network, registry)) > 1
    )


def _sources(network: Network, registry: Registry) -> list[str]:
    claim = network.resource_claim if registry.at_least(*CLAIMS_SINCE) else None
    return [name for name, value in (("pod", network.pod), ("multus", network.multus), ("resourceClaim", claim)) if value is not None]


def _message(network: Network, sources: list[str]) -> str:
    return f"network {quoted(network.name)} has {' and '.join(sources)}, and a network can have only one of them"


RULE = SpecRule(
    name="network-with-several-sources", group=Group.NETWORKS, check=check, trait="has_odd_sources", upstream_since=Version(0, 1)
)
