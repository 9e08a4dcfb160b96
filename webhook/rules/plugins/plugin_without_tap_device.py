"""A plugin needs a tap device on the pod network, and nothing creates it.

What
    The plugin is registered with `domainAttachmentType: tap` and with neither `networkAttachmentDefinition` nor `sidecarImage`, and the
    interface's network is the pod network.

Why
    With `tap` KubeVirt attaches an existing tap device. The CNI of a NetworkAttachmentDefinition (of the plugin or of the network) or a
    sidecar creates it. On the pod network there is none of these. KubeVirt then uses the pod's `eth0` as the tap device, and the VM does
    not start. The rule only warns, since the CNI of the cluster could create the device. The macvtap plugin is registered so, and is for
    Multus networks.

Refused
    interfaces: [{name: default, binding: {name: macvtap}}]    # registered as macvtap: {domainAttachmentType: tap}
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: blue, binding: {name: macvtap}}]
    networks: [{name: blue, multus: {networkName: blue}}]

Source
    getTargetName in pkg/network/domainspec/generators.go@v1.9.0; kubevirt/user-guide docs/network/net_binding_plugins/macvtap.md@016d457f:
    macvtap is for secondary networks only. From the source; not tried in a cluster.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.plugin import TAP
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Check the registration and the network."""
    name = interface.binding.name if interface.binding is not None else None
    plugin = registry.plugins.get(name or "")
    if plugin is None or plugin.domain_attachment_type != TAP or plugin.network_attachment_definition or plugin.sidecar_image:
        return ()
    if not vmi.on_pod_network(interface):
        return ()
    message = f"plugin {quoted(name)} attaches a tap device, and on the pod network neither a CNI nor a sidecar of the plugin makes one"
    return [Violation(("binding", "name"), message, "connect the interface to a Multus network, or use masquerade: {} on the pod network")]


RULE = InterfaceRule(
    name="plugin-without-tap-device",
    group=Group.PLUGINS,
    check=check,
    action=Action.WARN,
    field="binding",
    since=Version(1, 1, 1),
    needs_registry=True,
)
