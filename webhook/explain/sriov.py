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
        "the PCI device to the guest through VFIO. The guest drives the hardware itself and needs a driver for it; the pod's network stack "
        "sees nothing of the traffic."
    ),
    address=(
        "Neither KubeVirt nor the pod. The guest stands on the physical network: its address comes from a DHCP server there, or from "
        "cloud-init."
    ),
    needs=(
        "Nodes with SR-IOV cards, IOMMU and virtual functions bound to vfio-pci, the SR-IOV device plugin and CNI plugin, and a Multus "
        "network whose NetworkAttachmentDefinition names the resource; the pod network has no such device. In KubeVirt 1.9 a DRA network "
        "(`resourceClaim`) can take its place, with gate NetworkDevicesWithDRA (Alpha); for 1.10 it is planned for plugins only. "
        "From 1.9 the resource request comes from network-resources-injector by default (gate ExternalNetResourceInjection), "
        "so that must be deployed."
    ),
    live_migration=(
        "Yes: as a secondary NIC it never stands in the way. The device itself cannot move, so it is unplugged from the guest before and "
        "another one is plugged in on the target; the guest must live without that NIC meanwhile, and the target node must have one free."
    ),
    hotplug=(
        "Plug yes, unplug no. A new NIC reaches the running guest with its next live migration, since no device can be added to a pod "
        "that runs; before KubeVirt 1.4 gate HotplugNICs must be listed. `state` cannot be set: `up`, `down` and `absent` are refused."
    ),
    performance="The guest talks to the device directly; no bridge, NAT or tap lies on the way.",
    overhead="1Gi of memory on the pod's compute container, once per VM, as for every VM with a VFIO device.",
    choose="Throughput or latency counts most, and the operators of the cluster own the hardware side as well.",
    avoid=(
        "The VM should run on any node, the guest has no driver for the card or cannot bear to lose the NIC for a moment, or network "
        "policies and meshes must apply: they do not see this traffic."
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
        performance="the guest drives the device",
        overhead="1Gi once per VM",
        choose="throughput or latency counts most",
    ),
)
