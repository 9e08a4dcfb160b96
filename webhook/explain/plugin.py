"""The guide to `binding: {name: ...}`: a binding plugin."""

from webhook.explain.binding import BindingGuide, BindingSummary

GUIDE = BindingGuide(
    name="plugin",
    field="binding",
    aliases=("plugins", "binding-plugin"),
    mentions=("plugin", "plugins", "registration", "registrations", "registered"),
    summary="A binding that an admin has registered under a name in the KubeVirt CR.",
    wiring=(
        "As the registration says, from up to three parts. `networkAttachmentDefinition`: a CNI plugin that changes the pod's network. "
        "`sidecarImage`: a sidecar that edits the guest's NIC and may run services for it. `domainAttachmentType`: KubeVirt itself "
        "attaches the NIC to a tap that the CNI plugin left (`tap`, 1.1.1+) or builds bridge and tap (`managedTap`, 1.4+). With neither a "
        "sidecar nor a known attachment type the guest boots without that NIC."
    ),
    address=("Whoever the plugin leaves it to: a DHCP server in its sidecar, or the network. KubeVirt itself runs none for a plugin."),
    needs=(
        "A registration under `spec.configuration.network.binding` of the KubeVirt CR, under exactly the name that the interface gives, "
        "and whatever the plugin brings along: its CNI plugin on the nodes, its NetworkAttachmentDefinition, its image. Pod network or "
        "Multus, as the plugin supports. KubeVirt 1.1 or later; up to 1.4 gate NetworkBindingPlugins must be listed. KubeVirt does not "
        "check the name when a VM is created: with an unregistered one the VM stays in Starting, without an event."
    ),
    live_migration=(
        "On any network but the pod network: yes, it never stands in the way. On the pod network: only if the registration has "
        "`migration`, even as `{}`, and KubeVirt is 1.2 or later; in 1.1 no plugin migrates. `method: link-refresh` takes the guest's link "
        "down and up again afterwards, so that it renews its lease."
    ),
    hotplug=(
        "No. A plugin NIC that is added to the template of a running VM is neither plugged nor reported as waiting for a restart; it "
        "appears after the next restart. `state: absent` is refused."
    ),
    performance="Whatever its parts cost: `tap` and `managedTap` stay in the kernel, a sidecar that carries packets does not.",
    overhead=(
        "What the registration declares in `computeResourceOverhead.requests.memory`, on the pod's compute container, once per distinct "
        "plugin of the VM, however many NICs use it; from KubeVirt 1.3. Before, KubeVirt adds nothing, and the field does not exist. "
        "cpu, limits and other resources are ignored, and the sidecar gets nothing from it."
    ),
    choose="No core binding does what the network asks for, and somebody looks after the plugin.",
    avoid=(
        "A core binding would do: from KubeVirt 1.8 `passtBinding: {}`, for one, takes the place of the passt plugin. A plugin is one more "
        "thing to deploy, to upgrade together with KubeVirt and to keep registered: a registration that goes away stops restarts and "
        "migrations of the VMs that use it."
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
