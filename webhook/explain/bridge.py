"""The guide to `bridge: {}`."""

from webhook.explain.binding import BindingGuide, BindingSummary

GUIDE = BindingGuide(
    name="bridge",
    field="bridge",
    mentions=("bridge",),
    summary="The guest is connected to the network at layer 2, with its own IP and MAC address.",
    wiring=(
        "KubeVirt creates a Linux bridge in the pod, with the pod's interface and the guest's tap. The address of the pod's interface, "
        "and its MAC address unless the interface sets `macAddress`, move to the guest."
    ),
    address=(
        "The network. If the CNI plugin gave the pod's interface an IPv4 address, KubeVirt's DHCP server assigns it to the guest. If it "
        "gave none, as is usual on a secondary network, the guest uses a DHCP server of that network, or a static configuration."
    ),
    needs=(
        "The pod network or a Multus network. On the pod network an admin can forbid it (`permitBridgeInterfaceOnPodNetwork: false`). CNI "
        "plugins that require the MAC address of the pod interface, such as macvlan and ipvlan, do not work with it."
    ),
    live_migration=(
        "On secondary networks: yes. On the pod network: only with the VMI annotation "
        "`kubevirt.io/allow-pod-bridge-network-live-migration`, because the target pod has another address than the guest. Without it "
        "KubeVirt does not migrate the VM: memory and CPU hotplug are not possible, and drains that need migration hang."
    ),
    hotplug=(
        "Yes. KubeVirt plugs a NIC that is added to the VM's template into the running guest: at once if the Multus dynamic networks "
        "controller is installed, otherwise at the next live migration. `state: absent` unplugs it, but not on the default network. "
        "Before KubeVirt 1.4 gate HotplugNICs must be listed. The link can be set `up` or `down` since 1.5."
    ),
    performance="Each packet passes the pod's bridge and a tap, in the kernel, without NAT.",
    overhead="None: KubeVirt adds no memory to the pod for it.",
    choose=(
        "The guest must be on a secondary network directly: a VLAN, a storage network, a legacy network with its own DHCP. Or NICs must "
        "be added and removed while the VM runs."
    ),
    avoid=(
        "The network is the pod network, and the VM must migrate, or sidecars and service meshes need the address of the pod: with bridge "
        "the pod has no address."
    ),
    example="""\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: files
spec:
  runStrategy: Always
  template:
    spec:
      domain:
        memory: {guest: 2Gi}
        devices:
          interfaces:
          - name: default
            masquerade: {}
          - name: storage
            bridge: {}
      networks:
      - name: default
        pod: {}
      - name: storage
        multus:
          networkName: vlan20
""",
    glance=BindingSummary(
        address="the pod's by DHCP, or the network's own",
        needs="the pod network or Multus",
        live_migration="yes; on the pod network only if annotated",
        hotplug="plug and unplug",
        performance="kernel bridge, no NAT",
        overhead="none",
        choose="the guest must be on a layer 2 network",
    ),
)
