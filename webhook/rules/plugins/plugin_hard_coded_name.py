"""A plugin is registered under another name than the one its sidecar listens to.

What
    KubeVirt is older than 1.9, the plugin's `sidecarImage` is one of KubeVirt's own (`network-passt-binding`, `network-slirp-binding`,
    `network-vdpa-binding`), and the plugin is not registered as `passt`, `slirp` or `vdpa`.

Why
    Until 1.9 these sidecars act only on interfaces whose plugin has the name that they were built with; under any other name the sidecar
    runs and does nothing, and nobody says so. From 1.9 KubeVirt tells the sidecar its name.

Refused
    binding: {name: my-passt}        # registered as my-passt: {sidecarImage: quay.io/kubevirt/network-passt-binding:v1.8.0}

Accepted
    binding: {name: passt}           # registered as passt: {sidecarImage: quay.io/kubevirt/network-passt-binding:v1.8.0}

Source
    kubevirt/kubevirt#18419 and #18435; environment variable NETWORK_BINDING_PLUGIN_NAME in 1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.plugins.sidecars import BUILT_IN_NAME, image_name
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Compare with the name that the sidecar was built with; a missing registration is `unregistered-plugin`'s to tell."""
    name = interface.binding.name if interface.binding is not None else None
    plugin = registry.plugins.get(name or "")
    if plugin is None or not plugin.sidecar_image:
        return ()
    image = image_name(plugin.sidecar_image)
    built_in = BUILT_IN_NAME.get(image)
    if built_in is None or built_in == name:
        return ()
    message = f"before KubeVirt 1.9 sidecar {image} acts only on plugin {quoted(built_in)}, and here it is registered as {quoted(name)}"
    return [Violation(("binding", "name"), message, f"register the plugin as {quoted(built_in)} in {registry.owner}, and name it so here")]


RULE = InterfaceRule(
    name="plugin-hard-coded-name",
    group=Group.PLUGINS,
    check=check,
    action=Action.WARN,
    field="binding",
    since=Version(1, 1),
    until=Version(1, 9),
    needs_registry=True,
)
