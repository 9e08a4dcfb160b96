"""An interface uses the passt or slirp plugin on another network than the pod network.

What
    The plugin's `sidecarImage` is `network-passt-binding` or `network-slirp-binding`, and the interface's network is not the pod network
    (`pod: {}`).

Why
    KubeVirt admits such a VM. The sidecar handles the interface on the pod network only. It fails with "pod network not found", or because
    the interface there does not use the plugin, and the VM never starts. If the interface on the pod network uses the plugin too, this
    interface gets no NIC.

Refused
    interfaces: [{name: default, masquerade: {}}, {name: blue, binding: {name: passt}}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Accepted
    interfaces: [{name: default, binding: {name: passt}}, {name: blue, bridge: {}}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Source
    cmd/sidecars/network-passt-binding/domain/configurator.go and cmd/sidecars/network-slirp-binding/domain/domain.go@v1.1.1, @v1.8.4 and
    @v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.plugins.sidecars import PASST_IMAGE, SLIRP_IMAGE
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Check the sidecar and the network. `interface-without-network` reports a missing network."""
    name = interface.binding.name if interface.binding is not None else None
    image = registry.built_in_sidecars.get(name or "")
    if image not in (PASST_IMAGE, SLIRP_IMAGE):
        return ()
    network = vmi.network_of(interface)
    if network is None or network.pod is not None:
        return ()
    message = f"plugin {quoted(name)} (sidecar {image}) works on the pod network only, and {quoted(interface.name)} is another network"
    return [Violation(("binding", "name"), message, "connect the interface to the pod network, or use bridge: {} or another plugin")]


RULE = InterfaceRule(
    name="plugin-without-pod-network", group=Group.PLUGINS, check=check, field="binding", since=Version(1, 1), needs_registry=True
)
