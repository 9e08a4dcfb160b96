"""The types of a VMI spec, with the fields that rules read. Other fields are skipped.

`masquerade: {}` is set, and `masquerade: null` is not. A field that may be an empty object therefore has the type `Present | None`.
"""

import msgspec


class _Value(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Base of all values here: immutable, camelCase in JSON, never part of a reference cycle."""


class Present(_Value, frozen=True):
    """An object of which only the presence is read."""


class PluginBinding(_Value, frozen=True):
    """`interfaces[].binding`: the choice of a registered plugin."""

    name: str | None = None


class Port(_Value, frozen=True):
    """`interfaces[].ports[]`: a port that is forwarded to the guest."""

    name: str | None = None
    protocol: str | None = None
    port: int | None = None


class PortRange(_Value, frozen=True):
    """`interfaces[].portRanges[]` (KubeVirt 1.9+, alpha)."""

    protocol: str | None = None
    start: int | None = None
    end: int | None = None


class DHCPPrivateOption(_Value, frozen=True):
    """`interfaces[].dhcpOptions.privateOptions[]`."""

    option: int | None = None
    value: str | None = None


class DHCPOptions(_Value, frozen=True):
    """`interfaces[].dhcpOptions`."""

    ntp_servers: list[str] | None = None
    private_options: list[DHCPPrivateOption] | None = None


class Interface(_Value, frozen=True):
    """`domain.devices.interfaces[]`."""

    name: str | None = None
    bridge: Present | None = None
    masquerade: Present | None = None
    sriov: Present | None = None
    passt_binding: Present | None = None
    binding: PluginBinding | None = None
    slirp: Present | None = None
    passt: Present | None = None
    macvtap: Present | None = None
    model: str | None = None
    state: str | None = None
    mac_address: str | None = None
    pci_address: str | None = None
    acpi_index: int | None = None
    ports: list[Port] | None = None
    port_ranges: list[PortRange] | None = None
    dhcp_options: DHCPOptions | None = None
    boot_order: int | None = None


class MultusNetwork(_Value, frozen=True):
    """`networks[].multus`."""

    network_name: str | None = None
    default: bool | None = None


class PodNetwork(_Value, frozen=True):
    """`networks[].pod`."""

    vm_network_cidr: str | None = msgspec.field(default=None, name="vmNetworkCIDR")
    vm_ipv6_network_cidr: str | None = msgspec.field(default=None, name="vmIPv6NetworkCIDR")


class ResourceClaim(_Value, frozen=True):
    """`networks[].resourceClaim` (KubeVirt 1.9+, alpha)."""

    claim_name: str | None = None
    request_name: str | None = None


class Network(_Value, frozen=True):
    """`networks[]`."""

    name: str | None = None
    pod: PodNetwork | None = None
    multus: MultusNetwork | None = None
    resource_claim: ResourceClaim | None = None


class DiskTarget(_Value, frozen=True):
    """`domain.devices.disks[].disk`."""

    pci_address: str | None = None


class Disk(_Value, frozen=True):
    """`domain.devices.disks[]`."""

    boot_order: int | None = None
    disk: DiskTarget | None = None


class Devices(_Value, frozen=True):
    """`domain.devices`."""

    interfaces: list[Interface] | None = None
    disks: list[Disk] | None = None
    autoattach_pod_interface: bool | None = None


class LaunchSecurity(_Value, frozen=True):
    """`domain.launchSecurity`."""

    sev: Present | None = None
    snp: Present | None = None
    tdx: Present | None = None


class Domain(_Value, frozen=True):
    """`domain`."""

    devices: Devices | None = None
    launch_security: LaunchSecurity | None = None


class PodResourceClaim(_Value, frozen=True):
    """`resourceClaims[]`."""

    name: str | None = None
    resource_claim_name: str | None = None
    resource_claim_template_name: str | None = None


class HTTPGet(_Value, frozen=True):
    """`httpGet` of a probe."""

    port: int | str | None = None
    scheme: str | None = None


class TCPSocket(_Value, frozen=True):
    """`tcpSocket` of a probe."""

    port: int | str | None = None


class Probe(_Value, frozen=True):
    """`livenessProbe` and `readinessProbe`."""

    http_get: HTTPGet | None = None
    tcp_socket: TCPSocket | None = None
    success_threshold: int | None = None


class VMISpec(_Value, frozen=True):
    """The object that holds `domain.devices.interfaces` and `networks`, in an object of any kind."""

    domain: Domain | None = None
    networks: list[Network] | None = None
    eviction_strategy: str | None = None
    subdomain: str | None = None
    resource_claims: list[PodResourceClaim] | None = None
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None

    @property
    def interfaces(self) -> list[Interface]:
        """`domain.devices.interfaces`, empty when absent."""
        devices = self.domain.devices if self.domain is not None else None
        return (devices.interfaces if devices is not None else None) or []

    @property
    def disks(self) -> list[Disk]:
        """`domain.devices.disks`, empty when absent."""
        devices = self.domain.devices if self.domain is not None else None
        return (devices.disks if devices is not None else None) or []
