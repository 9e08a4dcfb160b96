"""The guide to `masquerade: {}`."""

from webhook.explain.binding import BindingGuide, BindingSummary

GUIDE = BindingGuide(
    name="masquerade",
    field="masquerade",
    mentions=("masquerade",),
    summary="The guest sits behind NAT: the pod keeps its address, and the guest talks through it.",
    wiring=(
        "KubeVirt makes a bridge with a tap inside the pod and connects the guest's NIC to it. nftables rules translate between the guest "
        "and the pod's address, in both directions: what the guest sends leaves under the pod's address, and what arrives at the pod is "
        "forwarded to the guest, all ports or only those listed in `ports`."
    ),
    address=(
        "KubeVirt. Its DHCP server in the pod gives the guest an IPv4 address from an internal range (`pod.vmNetworkCIDR` sets another). "
        "Nobody outside the pod sees that address: others reach the VM at the pod's. IPv6 is not handed out; the guest must be told its "
        "address, by cloud-init for example."
    ),
    needs="The pod network, and nothing else: no Multus, no feature gate. On any other network KubeVirt refuses it.",
    live_migration=(
        "Yes, in all releases. The guest keeps its internal address while the target pod gets a new one, so put a Service in front of the "
        "VM: connections to the old pod's address break."
    ),
    hotplug=(
        "No. KubeVirt hotplugs bridge and SR-IOV NICs only; this one is there from the start or after a restart. The link can be set `up` "
        "or `down` since KubeVirt 1.5; `absent` is refused."
    ),
    performance="Each packet passes the pod's bridge, its NAT rules and a tap, all in the kernel.",
    overhead="None: KubeVirt adds no memory to the pod for it.",
    choose=(
        "The VM is a workload like any other pod: reached through Services, moved by drains, guarded by network policies. It is the safe "
        "default."
    ),
    avoid=(
        "The guest must be seen under its own address, must speak a protocol that NAT breaks, or belongs on a network other than the pod's."
    ),
    example="""\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web
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
            ports:
            - {name: https, port: 443}
      networks:
      - name: default
        pod: {}
""",
    glance=BindingSummary(
        address="private, by KubeVirt's DHCP",
        needs="the pod network",
        live_migration="yes",
        hotplug="no",
        performance="NAT and bridge in the kernel",
        overhead="none",
        choose="in doubt: the safe default",
    ),
)
