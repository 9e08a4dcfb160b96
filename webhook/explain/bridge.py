"""The guide to `bridge: {}`."""

from webhook.explain.binding import BindingGuide, BindingSummary

GUIDE = BindingGuide(
    name="bridge",
    field="bridge",
    mentions=("bridge",),
    summary="The guest is connected to the network at layer 2, under an address and a MAC of its own.",
    wiring=(
        "KubeVirt puts a Linux bridge into the pod that joins the pod's interface with the guest's tap. The pod's interface gives up its "
        "address, and its MAC unless the interface sets `macAddress`: both belong to the guest then."
    ),
    address=(
        "The network. If the CNI plugin gave the pod's interface an IPv4 address, KubeVirt's DHCP server hands just that one to the guest. "
        "If it gave none, as is usual on a secondary network, the guest asks whatever DHCP server is there, or is configured by hand."
    ),
    needs=(
        "The pod network or a Multus network. On the pod network an admin can forbid it (`permitBridgeInterfaceOnPodNetwork: false`). CNI "
        "plugins that insist on the pod interface's MAC, such as macvlan and ipvlan, do not work under it."
    ),
    live_migration=(
        "On any network but the pod network: yes, it never stands in the way. On the pod network: only with the VMI annotation "
        "`kubevirt.io/allow-pod-bridge-network-live-migration`, because the target pod's address is another one than the guest holds. "
        "Without it the VM counts as not migratable, which also rules out memory and CPU hotplug, and drains that ask for migration hang."
    ),
    hotplug=(
        "Yes: added to the VM's template, the NIC is plugged into the running guest, at once where Multus runs with its dynamic networks "
        "controller, otherwise with the next live migration. `state: absent` unplugs it, though never on the default network. Before "
        "KubeVirt 1.4 gate HotplugNICs must be listed. The link can be set `up` or `down` since 1.5."
    ),
    performance="Each packet passes the pod's bridge and a tap, in the kernel, without NAT.",
    overhead="None: KubeVirt adds no memory to the pod for it.",
    choose=(
        "The guest must be a direct member of a secondary network: a VLAN, a storage network, a legacy network with its own DHCP. Or NICs "
        "are to come and go while the VM runs."
    ),
    avoid=(
        "It is the pod network and the VM must migrate, or sidecars and service meshes need the pod to keep its address: with bridge the "
        "pod has none left."
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
        choose="the guest belongs on a layer 2 network",
    ),
)
