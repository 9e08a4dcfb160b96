"""The guide to `sriov: {}`."""

from webhook.explain.binding import BindingGuide, BindingSummary

GUIDE = BindingGuide(
    name="sriov",
    field="sriov",
    aliases=("sr-iov", "sr_iov"),
    mentions=("sriov", "SR-IOV"),
    summary="A virtual function of the node's network card is passed through to the guest.",
    wiring=(
        "A device plugin (or DRA driver) reserves a virtual function for the pod, the SR-IOV CNI plugin prepares it, and KubeVirt gives "
        "the PCI device to the guest through VFIO. The guest controls the hardware and needs a driver for it. The traffic does not pass "
        "the network stack of the pod."
    ),
    address=(
        "Neither KubeVirt nor the pod. The guest is on the physical network: its address comes from a DHCP server there, or from "
        "cloud-init."
    ),
    needs=(
        "Nodes with SR-IOV cards, IOMMU and virtual functions bound to vfio-pci, the SR-IOV device plugin and CNI plugin, and a Multus "
        "network whose NetworkAttachmentDefinition names the resource; the pod network has no such device. In KubeVirt 1.9 a DRA network "
        "(`resourceClaim`) can take its place, with gate NetworkDevicesWithDRA (Alpha); for 1.10 it is planned for plugins only. From 1.9 "
        "the resource request comes from network-resources-injector by default (gate ExternalNetResourceInjection), so that must be "
        "deployed."
    ),
    live_migration=(
        "Yes, as a secondary NIC. The device cannot move: KubeVirt unplugs it from the guest before the migration, and plugs in another "
        "one on the target. The guest has no such NIC in between, and the target node must have a free device."
    ),
    hotplug=(
        "Plug yes, unplug no. The running guest gets a new NIC at its next live migration, since no device can be added to a running pod. "
        "Before KubeVirt 1.4 gate HotplugNICs must be listed. KubeVirt refuses `state` (`up`, `down` and `absent`)."
    ),
    performance="The guest uses the device directly, without bridge, NAT or tap.",
    overhead="1Gi of memory on the pod's compute container, once per VM, as for every VM with a VFIO device.",
    choose="Throughput or latency is most important, and the operators of the cluster also manage the hardware.",
    avoid=(
        "The VM must run on any node, the guest has no driver for the card or cannot lose the NIC for a moment, or network policies and "
        "meshes must apply: they do not see this traffic."
    ),
    example="""\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: router
spec:
  runStrategy: Always
  template:
    spec:
      domain:
        memory: {guest: 4Gi}
        devices:
          interfaces:
          - name: default
            masquerade: {}
          - name: uplink
            sriov: {}
      networks:
      - name: default
        pod: {}
      - name: uplink
        multus:
          networkName: sriov-uplink
""",
    glance=BindingSummary(
        address="from the physical network",
        needs="SR-IOV cards, VFIO, Multus",
        live_migration="yes; the NIC is away meanwhile",
        hotplug="plug only, by migration",
        performance="direct device access",
        overhead="1Gi once per VM",
        choose="throughput or latency first",
    ),
)
