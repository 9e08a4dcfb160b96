"""A VMI spec with its annotations, preference and derived values, as rules check it."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from webhook.plugins.suggestions import Guesses
from webhook.vmi.spec import Disk, Interface, Network, Port, VMISpec

MAX_INTERFACES = 256
"""Maximum number of interfaces, and of networks (arrayLenMax in vmi-create-admitter.go@v1.1.0 to v1.9.0; maxItems of the CRD from 1.3)."""

ABSENT = "absent"
"""The state of an interface that KubeVirt does not add to the domain."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


def gets_acpi_index(interface: Interface) -> bool:
    """Whether KubeVirt copies the ACPI index of an interface into the domain."""
    return (interface.acpi_index or 0) > 0 and interface.sriov is None and interface.state != ABSENT


class VMI:
    """A VMI spec with derived values for rules.

    Attributes:
        spec: The spec itself.
        interfaces: `spec.domain.devices.interfaces`, empty when absent.
        networks: `spec.networks`, empty when absent.
        interface_named: Interfaces by name; if several have the same name, the last.
        network_named: Networks by name; if several have the same name, the last, as in KubeVirt (vmispec.IndexNetworkSpecByName@v1.9.0).
        annotations: The annotations that the VMI has or will have.
        has_preference: Whether a VM preference completes the spec before KubeVirt validates it.
        gets_defaults: Whether KubeVirt's defaults complete the spec before KubeVirt validates it; not in replica sets and pools.
        default_network: The first network that is not a secondary Multus network (vmispec.LookUpDefaultNetwork@v1.9.0).
        old: The interfaces before an UPDATE, by name; `None` if this is not an update of a running VMI.

    Computed in one pass, so that rules about rare fields run only if they can find something:
        has_repeated_names: Two interfaces, or two networks, share a name.
        has_loose_ends: An interface has no network, or a network no interface.
        has_odd_sources: A network is not just the pod network, nor just a Multus network with a name.
        has_claims: A network has a resourceClaim.
        has_pod_subnets: A pod network sets the subnet of the guest.
        has_multus: A network has multus.
        has_default_multus: A network has multus with `default: true`.
        has_several_defaults: More than one network could be the default one.
        has_probe: A liveness or readiness probe is set.
        has_resource_claims: `resourceClaims` has entries.
        has_too_many: There are more interfaces or networks than KubeVirt accepts.
        has_neither: There is neither an interface nor a network.
    """

    __slots__ = (
        "_acpi_indexes",
        "_boot_orders",
        "_guesses",
        "_pci_addresses",
        "_port_names",
        "annotations",
        "default_network",
        "gets_defaults",
        "has_claims",
        "has_default_multus",
        "has_loose_ends",
        "has_multus",
        "has_neither",
        "has_odd_sources",
        "has_pod_subnets",
        "has_preference",
        "has_probe",
        "has_repeated_names",
        "has_resource_claims",
        "has_several_defaults",
        "has_too_many",
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
        gets_defaults: bool = True,
        old: Mapping[str, Interface] | None = None,
    ) -> None:
        self.spec = spec
        self.interfaces: list[Interface] = spec.interfaces
        self.networks: list[Network] = spec.networks or []
        self.interface_named: dict[str, Interface] = {interface.name or "": interface for interface in self.interfaces}
        self.annotations = annotations
        self.has_preference = has_preference
        self.gets_defaults = gets_defaults
        self.old = old
        self._guesses: Guesses | None = None
        self._index_networks()
        names, network_names = self.interface_named, self.network_named
        self.has_repeated_names = len(names) != len(self.interfaces) or len(network_names) != len(self.networks)
        self.has_loose_ends = names.keys() != network_names.keys()
        self.has_neither = not self.interfaces and not self.networks
        self.has_too_many = len(self.interfaces) > MAX_INTERFACES or len(self.networks) > MAX_INTERFACES
        self.has_probe = spec.liveness_probe is not None or spec.readiness_probe is not None
        self.has_resource_claims = bool(spec.resource_claims)
        self._port_names: Mapping[str, Port] | None = None
        self._boot_orders: Mapping[int, Disk | Interface] | None = None
        self._pci_addresses: Mapping[str, Disk | Interface] | None = None
        self._acpi_indexes: Mapping[int, Interface] | None = None

    def _index_networks(self) -> None:
        named: dict[str, Network] = {}
        default: Network | None = None
        odd = claims = subnets = has_multus = has_default_multus = False
        defaults = 0
        for network in self.networks:
            named[network.name or ""] = network
            pod, multus = network.pod is not None, network.multus
            defaults += pod
            if network.pod is not None:
                subnets = subnets or bool(network.pod.vm_network_cidr or network.pod.vm_ipv6_network_cidr)
            if multus is None:
                default = default or network
                odd = odd or not pod
            else:
                has_multus = True
                if multus.default:
                    has_default_multus = True
                    default = default or network
                    defaults += 1
                odd = odd or pod or not multus.network_name
            claims = claims or network.resource_claim is not None
        self.network_named = named
        self.default_network = default
        self.has_odd_sources = odd or claims
        self.has_claims = claims
        self.has_pod_subnets = subnets
        self.has_multus = has_multus
        self.has_default_multus = has_default_multus
        self.has_several_defaults = defaults > 1

    def meant(self, name: str, known: Collection[str]) -> str:
        """The suggestion at the end of a message about an unknown name; the number of suggestions for one VMI is bounded."""
        if self._guesses is None:
            self._guesses = Guesses()
        return self._guesses.meant(name, known)

    @property
    def gets_default_interface(self) -> bool:
        """Whether KubeVirt adds the default interface (SetDefaultNetworkInterface in pkg/network/vmispec/defaults.go@v1.9.0)."""
        devices = self.spec.domain.devices if self.spec.domain is not None else None
        return self.has_neither and not (devices is not None and devices.autoattach_pod_interface is False)

    @property
    def boot_orders(self) -> Mapping[int, Disk | Interface]:
        """The first device that has each boot order; disks come before interfaces."""
        if self._boot_orders is None:
            bootable: list[Disk | Interface] = [*self.spec.disks, *self.interfaces]
            found: dict[int, Disk | Interface] = {}
            for device in bootable:
                if device.boot_order is not None:
                    found.setdefault(device.boot_order, device)
            self._boot_orders = found
        return self._boot_orders

    @property
    def pci_addresses(self) -> Mapping[str, Disk | Interface]:
        """The first device of the domain that has each PCI address, in lower case; disks come before interfaces."""
        if self._pci_addresses is None:
            found: dict[str, Disk | Interface] = {}
            for disk in self.spec.disks:
                if disk.disk is not None and disk.disk.pci_address:
                    found.setdefault(disk.disk.pci_address.lower(), disk)
            for interface in self.interfaces:
                if interface.pci_address and interface.state != ABSENT:
                    found.setdefault(interface.pci_address.lower(), interface)
            self._pci_addresses = found
        return self._pci_addresses

    @property
    def acpi_indexes(self) -> Mapping[int, Interface]:
        """The first interface that gets each ACPI index."""
        if self._acpi_indexes is None:
            found: dict[int, Interface] = {}
            for interface in self.interfaces:
                if gets_acpi_index(interface):
                    found.setdefault(interface.acpi_index or 0, interface)
            self._acpi_indexes = found
        return self._acpi_indexes

    @property
    def port_names(self) -> Mapping[str, Port]:
        """The first port that has each name, in the order of interfaces."""
        if self._port_names is None:
            found: dict[str, Port] = {}
            for interface in self.interfaces:
                for port in interface.ports or ():
                    if port.name:
                        found.setdefault(port.name, port)
            self._port_names = found
        return self._port_names

    def network_of(self, interface: Interface) -> Network | None:
        """The network that an interface is connected to: the one of the same name."""
        return self.network_named.get(interface.name or "")

    def on_pod_network(self, interface: Interface) -> bool:
        """Whether an interface is connected to the pod network."""
        network = self.network_named.get(interface.name or "")
        return network is not None and network.pod is not None
