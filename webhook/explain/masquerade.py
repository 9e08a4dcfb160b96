"""The guide to `masquerade: {}`."""

from webhook.explain.binding import BindingGuide, BindingSummary

GUIDE = BindingGuide(
    name="masquerade",
    field="masquerade",
    mentions=("masquerade",),
    summary="The guest is behind NAT and uses the address of the pod.",
    wiring=(
        "KubeVirt makes a bridge with a tap inside the pod and connects the guest's NIC to it. nftables rules translate between the guest "
        "and the pod's address, in both directions: packets of the guest leave with the pod's address, and packets to the pod are "
        "forwarded to the guest, on all ports or only on those in `ports`."
    ),
    address=(
        "KubeVirt. Its DHCP server in the pod gives the guest an IPv4 address from an internal range (`pod.vmNetworkCIDR` sets another). "
        "This address is not visible outside the pod: others use the address of the pod. There is no DHCP for IPv6: configure the address "
        "in the guest, for example with cloud-init."
    ),
    needs="The pod network only: no Multus, no feature gate. KubeVirt refuses it on other networks.",
    live_migration=(
        "Yes, in all releases. The guest keeps its internal address while the target pod gets a new one, so put a Service in front of the "
        "VM: connections to the old pod's address break."
    ),
    hotplug=(
        "No. KubeVirt hotplugs bridge and SR-IOV NICs only; a new masquerade NIC needs a restart. The link can be set `up` or `down` "
        "since KubeVirt 1.5. KubeVirt refuses `absent`."
    ),
    performance="Each packet passes the pod's bridge, its NAT rules and a tap, all in the kernel.",
    overhead="None: KubeVirt adds no memory to the pod for it.",
    choose=(
        "The VM is a workload like a pod: Services lead to it, drains migrate it, network policies protect it. It is the safe default."
    ),
    avoid=("The guest needs an address that others can see, uses a protocol that does not work with NAT, or must be on another network."),
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
