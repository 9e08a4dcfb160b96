"""One VMI spec with what surrounds it: what every rule about a VM is asked about."""

from collections.abc import Mapping
from types import MappingProxyType

from webhook.vmi.spec import Interface, Network, VMISpec

_NOTHING: Mapping[str, str] = MappingProxyType({})


class VMI:
    """A VMI spec, ready to be judged.

    Attributes:
        spec: The spec itself.
        interfaces: `spec.domain.devices.interfaces`, empty when absent.
        networks: `spec.networks`, empty when absent.
        network_named: Networks by name; of several with one name the last, as in KubeVirt (vmispec.IndexNetworkSpecByName@v1.9.0).
        annotations: Those that the VMI has or will have.
        has_preference: Whether a VM preference completes the spec before KubeVirt validates it.
        old: The interfaces before an UPDATE, by name; `None` when this is not an update.
    """

    __slots__ = ("annotations", "has_preference", "interfaces", "network_named", "networks", "old", "spec")

    def __init__(
        self,
        spec: VMISpec,
        *,
        annotations: Mapping[str, str] = _NOTHING,
        has_preference: bool = False,
        old: Mapping[str, Interface] | None = None,
    ) -> None:
        devices = spec.domain.devices if spec.domain is not None else None
        self.spec = spec
        self.interfaces: list[Interface] = (devices.interfaces or []) if devices is not None else []
        self.networks: list[Network] = spec.networks or []
        self.network_named: dict[str, Network] = {network.name or "": network for network in self.networks}
        self.annotations = annotations
        self.has_preference = has_preference
        self.old = old

    def network_of(self, interface: Interface) -> Network | None:
        """The network that an interface is connected to: the one of the same name."""
        return self.network_named.get(interface.name or "")

    def on_pod_network(self, interface: Interface) -> bool:
        """Whether an interface is connected to the pod network."""
        network = self.network_named.get(interface.name or "")
        return network is not None and network.pod is not None

    def default_network(self) -> Network | None:
        """The first network that is not a secondary Multus network (vmispec.LookUpDefaultNetwork@v1.9.0)."""
        for network in self.networks:
            if network.multus is None or network.multus.default:
                return network
        return None
