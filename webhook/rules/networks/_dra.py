"""Whether KubeVirt checks DRA networks (networks with `resourceClaim`), for several rules.

KubeVirt checks nothing else if the gate is off, or if there is a Multus network (pkg/network/admitter/dra.go@v1.9.0).
"""

from collections.abc import Sequence

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.vmi.spec import Network, ResourceClaim
from webhook.vmi.vmi import VMI

GATE = "NetworkDevicesWithDRA"
SINCE = Version(1, 9)
"""First release whose API has `networks[].resourceClaim`; before it the API server prunes the field."""


def first_dra(vmi: VMI) -> int | None:
    """The index of the first DRA network, or `None`."""
    for index, network in enumerate(vmi.networks):
        if network.resource_claim is not None:
            return index
    return None


def first_multus(vmi: VMI) -> int | None:
    """The index of the first network with `multus`, or `None`."""
    return next((index for index, network in enumerate(vmi.networks) if network.multus is not None), None)


def is_looked_into(registry: Registry) -> bool:
    """Whether DRA networks are checked beyond the gate: it is on, or nobody knows what it is."""
    state = registry.gate(GATE)
    return state.is_on or not state.is_known


def evaluated(vmi: VMI, registry: Registry) -> Sequence[tuple[int, Network, ResourceClaim]]:
    """The DRA networks whose claims and interfaces are checked, with their indices; empty where the gate or Multus is the mistake."""
    if not is_looked_into(registry) or first_multus(vmi) is not None:
        return ()
    networks = enumerate(vmi.networks)
    return [(index, network, network.resource_claim) for index, network in networks if network.resource_claim is not None]
