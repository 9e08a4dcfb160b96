"""The guide to `binding: {name: ...}`: a binding plugin."""

from webhook.explain.binding import BindingGuide, BindingSummary

GUIDE = BindingGuide(
    name="plugin",
    field="binding",
    aliases=("plugins", "binding-plugin"),
    mentions=("plugin", "plugins", "registration", "registrations", "registered"),
    summary="A binding that an admin registered with a name in the KubeVirt CR.",
    wiring=(
        "It depends on the registration, which has up to three parts. `networkAttachmentDefinition`: a CNI plugin that changes the pod's "
        "network. `sidecarImage`: a sidecar that edits the guest's NIC and may run services for it. `domainAttachmentType`: KubeVirt "
        "itself attaches the NIC to a tap that the CNI plugin created (`tap`, 1.1.1+) or creates bridge and tap (`managedTap`, 1.4+). "
        "With neither a sidecar nor a known attachment type the guest boots without that NIC."
    ),
    address=("It depends on the plugin: a DHCP server in its sidecar, or the network. KubeVirt runs no DHCP server for plugins."),
    needs=(
        "A registration under `spec.configuration.network.binding` of the KubeVirt CR, with exactly the name in the interface, and the "
        "parts of the plugin: its CNI plugin on the nodes, its NetworkAttachmentDefinition, its image. Pod network or Multus, as the "
        "plugin supports. KubeVirt 1.1 or later; up to 1.4 gate NetworkBindingPlugins must be listed. KubeVirt does not check the name "
        "when a VM is created: with an unregistered one the VM stays in Starting, without an event."
    ),
    live_migration=(
        "On secondary networks: yes. On the pod network: only if the registration has `migration`, even as `{}`, and KubeVirt is 1.2 or "
        "later; in 1.1 no plugin migrates. `method: link-refresh` sets the guest's link down and up afterwards, so that it renews its "
        "lease."
    ),
    hotplug=(
        "No. KubeVirt does not plug in a plugin NIC that is added to the template of a running VM, and does not report that a restart is "
        "needed. The guest gets it at the next restart. KubeVirt refuses `state: absent`."
    ),
    performance="It depends on the parts: `tap` and `managedTap` are in the kernel, a sidecar that forwards packets is not.",
    overhead=(
        "What the registration declares in `computeResourceOverhead.requests.memory`, on the pod's compute container, once per distinct "
        "plugin of the VM, however many NICs use it; from KubeVirt 1.3. Before, KubeVirt adds nothing, and the field does not exist. cpu, "
        "limits and other resources are ignored, and the sidecar gets nothing from it."
    ),
    choose="No core binding does what the network needs, and somebody maintains the plugin.",
    avoid=(
        "A core binding is enough: from KubeVirt 1.8 `passtBinding: {}` replaces the passt plugin. A plugin must be deployed, upgraded "
        "together with KubeVirt, and kept registered: without its registration the VMs that use it cannot restart or migrate."
    ),
    example="""\
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata:
  name: kubevirt
  namespace: kubevirt
spec:
  configuration:
    network:
      binding:
        l2bridge:
          domainAttachmentType: managedTap
          migration: {}
---
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: edge
spec:
  runStrategy: Always
  template:
    spec:
      domain:
        memory: {guest: 2Gi}
        devices:
          interfaces:
          - name: default
            binding:
              name: l2bridge
      networks:
      - name: default
        pod: {}
""",
    glance=BindingSummary(
        address="up to the plugin",
        needs="a registered plugin; KubeVirt 1.1+",
        live_migration="yes; on the pod network only if it declares so",
        hotplug="no",
        performance="up to the plugin",
        overhead="as declared, once per plugin, 1.3+",
        choose="no core binding fits",
    ),
)
