"""The guide to `passtBinding: {}`."""

from webhook.explain.binding import BindingGuide, BindingSummary

GUIDE = BindingGuide(
    name="passt",
    field="passtBinding",
    mentions=("passt", "passtBinding"),
    summary="A user-space process forwards the traffic of the guest through sockets of the pod.",
    wiring=(
        "The process passt runs next to the guest and translates between the guest's Ethernet frames and ordinary TCP, UDP and ICMP "
        "sockets in the pod. To the cluster the guest's traffic looks like that of a process in the pod, and no network capability is "
        "needed for it. All ports are forwarded, or only those listed in `ports`."
    ),
    address=(
        "passt. Its own DHCP server gives the guest the pod's address when the guest first boots, and IPv6 needs no extra configuration. "
        "After a migration the pod has a new address, and the guest keeps the old one until it renews its lease. passt translates until "
        "then, so that the connection is not lost."
    ),
    needs=(
        "The pod network, and KubeVirt 1.8 or later: older releases do not have the field. Gate PasstBinding is off by default in 1.8 and "
        "must be listed there; from 1.9 it is on unless disabled. This is the core binding `passtBinding: {}`, which replaces the passt "
        "plugin (`binding: {name: passt}`). KubeVirt refuses the old core field `passt: {}` since 1.3."
    ),
    live_migration=(
        "Yes, since KubeVirt 1.8. It is the only binding with seamless migration of TCP connections, provided that the network provider "
        "moves the address of the pod too."
    ),
    hotplug="No: KubeVirt hotplugs bridge and SR-IOV NICs only. KubeVirt refuses `state: absent`.",
    performance=(
        "Each packet passes a user-space process, which needs CPU time in the pod that bindings in the kernel do not need. Measure it "
        "before you use it for heavy traffic."
    ),
    overhead="250Mi of memory on the pod's compute container, once per VM, for any number of ports.",
    choose=(
        "A service mesh or another sidecar must see the VM's traffic as local sockets, the guest should know the pod's own address, or "
        "IPv6 should work by itself, and the VM must still migrate."
    ),
    avoid=(
        "KubeVirt is older than 1.8, the network is not the pod network, the guest speaks something other than TCP, UDP and ICMP echo, or "
        "throughput is more important than memory and CPU."
    ),
    example="""\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: shop
spec:
  runStrategy: Always
  template:
    spec:
      domain:
        memory: {guest: 2Gi}
        devices:
          interfaces:
          - name: default
            passtBinding: {}
            ports:
            - {name: http, port: 8080}
      networks:
      - name: default
        pod: {}
""",
    glance=BindingSummary(
        address="the pod's, by passt's DHCP",
        needs="the pod network; KubeVirt 1.8+",
        live_migration="yes; TCP can survive",
        hotplug="no",
        performance="through a user-space process",
        overhead="250Mi once per VM",
        choose="for a mesh or simple IPv6",
    ),
)
