"""One VMI spec with what surrounds it: what every rule about a VM is asked about."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from webhook.plugins.nearest import Guesses
from webhook.vmi.spec import Interface, Network, VMISpec

_NOTHING: Mapping[str, str] = MappingProxyType({})


class VMI:
    """A VMI spec, ready to be judged.

    Attributes:
        spec: The spec itself.
        interfaces: `spec.domain.devices.interfaces`, empty when absent.
        networks: `spec.networks`, empty when absent.
        interface_named: Interfaces by name; of several with one name the last.
        network_named: Networks by name; of several with one name the last, as in KubeVirt (vmispec.IndexNetworkSpecByName@v1.9.0).
        annotations: Those that the VMI has or will have.
        has_preference: Whether a VM preference completes the spec before KubeVirt validates it.
        default_network: The first network that is not a secondary Multus network (vmispec.LookUpDefaultNetwork@v1.9.0).
        old: The interfaces before an UPDATE, by name; `None` when this is not an update.

    Traits, seen in one pass, so that rules about rare things need not look for them one by one:
        has_repeated_names: Two interfaces, or two networks, share a name.
        has_loose_ends: An interface has no network, or a network no interface.
        has_odd_sources: A network is not just the pod network, nor just a Multus network with a name.
        has_claims: A network has a resourceClaim.
        has_several_defaults: More than one network could be the default one.
    """

    __slots__ = (
        "_guesses",
        "annotations",
        "default_network",
        "has_claims",
        "has_loose_ends",
        "has_odd_sources",
        "has_preference",
        "has_repeated_names",
        "has_several_defaults",
        "interface_named",
        "interfaces",
        "network_named",
        "networks",
        "old",
        "spec",
    )

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
        self.interface_named: dict[str, Interface] = {interface.name or "": interface for interface in self.interfaces}
        self.annotations = annotations
        self.has_preference = has_preference
        self.old = old
        self._guesses: Guesses | None = None
        self._see_networks()
        names, network_names = self.interface_named, self.network_named
        self.has_repeated_names = len(names) != len(self.interfaces) or len(network_names) != len(self.networks)
        self.has_loose_ends = names.keys() != network_names.keys()

    def _see_networks(self) -> None:
        named: dict[str, Network] = {}
        default: Network | None = None
        odd = claims = False
        defaults = 0
        for network in self.networks:
            named[network.name or ""] = network
            pod, multus = network.pod is not None, network.multus
            defaults += pod
            if multus is None:
                default = default or network
                odd = odd or not pod
            else:
                if multus.default:
                    default = default or network
                    defaults += 1
                odd = odd or pod or not multus.network_name
            claims = claims or network.resource_claim is not None
        self.network_named = named
        self.default_network = default
        self.has_odd_sources = odd or claims
        self.has_claims = claims
        self.has_several_defaults = defaults > 1

    def meant(self, name: str, known: Collection[str]) -> str:
        """What a message about an unknown name ends with: a guess, as far as there are not too many about one VMI."""
        if self._guesses is None:
            self._guesses = Guesses()
        return self._guesses.meant(name, known)

    def network_of(self, interface: Interface) -> Network | None:
        """The network that an interface is connected to: the one of the same name."""
        return self.network_named.get(interface.name or "")

    def on_pod_network(self, interface: Interface) -> bool:
        """Whether an interface is connected to the pod network."""
        network = self.network_named.get(interface.name or "")
        return network is not None and network.pod is not None
