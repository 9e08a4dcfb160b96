"""A plugin attaches a tap device on the pod network, and nothing makes that device.

What
    The plugin is registered with `domainAttachmentType: tap` and with neither `networkAttachmentDefinition` nor `sidecarImage`, and the
    interface's network is the pod network.

Why
    With `tap` KubeVirt attaches a tap device that somebody else has made: the CNI of the plugin's or of the network's
    NetworkAttachmentDefinition, or a sidecar. On the pod network there is none of these. KubeVirt then takes the pod's own `eth0` for the
    tap device, and the VM does not start. A CNI of the cluster itself could make the device, so this warns. The macvtap plugin is
    registered so, and is for Multus networks.

Refused
    interfaces: [{name: default, binding: {name: macvtap}}]    # registered as macvtap: {domainAttachmentType: tap}
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: blue, binding: {name: macvtap}}]
    networks: [{name: blue, multus: {networkName: blue}}]

Source
    getTargetName in pkg/network/domainspec/generators.go@v1.9.0; kubevirt/user-guide docs/network/net_binding_plugins/macvtap.md@016d457f:
    macvtap serves secondary networks only. Read in the source, not run.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.plugin import TAP
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Look at the registration and the network."""
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
