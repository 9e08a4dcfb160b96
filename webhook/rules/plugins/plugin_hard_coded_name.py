"""A plugin has another name than its sidecar expects.

What
    The plugin's `sidecarImage` is KubeVirt's `network-passt-binding` or `network-slirp-binding`, the plugin is not registered as `passt` or
    `slirp`, and KubeVirt, or the release in the tag of the image, is older than 1.9. For `network-vdpa-binding` and `vdpa` it is a warning.

Why
    Before 1.9 these sidecars handle only interfaces whose plugin has a hard-coded name. For any other name they return an error to
    virt-launcher, and the VM never starts. From 1.9 KubeVirt passes the name to the sidecar in an environment variable, which an older
    sidecar does not read. If the tag is not a release (`latest`, a digest), the rule assumes the release of KubeVirt.

Refused
    binding: {name: my-passt}        # registered as my-passt: {sidecarImage: quay.io/kubevirt/network-passt-binding:v1.8.0}

Accepted
    binding: {name: passt}           # registered as passt: {sidecarImage: quay.io/kubevirt/network-passt-binding:v1.8.0}

Source
    cmd/sidecars/network-passt-binding/domain/configurator.go and cmd/sidecars/network-slirp-binding/domain/domain.go@v1.1.1 and @v1.8.4;
    environment variable NETWORK_BINDING_PLUGIN_NAME in pkg/hooks/hooks.go@v1.9.0; kubevirt/kubevirt#18419 and #18435. The vdpa sidecar is
    not in KubeVirt's repository.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.plugins.sidecars import BUILT_IN_NAME, VDPA_IMAGE, image_release
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_NAMED_SINCE = Version(1, 9)


def check(interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Compare with the name in the sidecar. `unregistered-plugin` reports a missing registration."""
    name = interface.binding.name if interface.binding is not None else None
    image = registry.built_in_sidecars.get(name or "")
    if image is None or BUILT_IN_NAME[image] == name:
        return ()
    built_in, release = BUILT_IN_NAME[image], image_release(registry.plugins[name or ""].sidecar_image)
    if not registry.at_least(*_NAMED_SINCE):
        old = f"before KubeVirt {_NAMED_SINCE} sidecar {image}"
    elif release is not None and release < _NAMED_SINCE:
        old = f"sidecar {image} of release {release}, older than {_NAMED_SINCE},"
    else:
        return ()
    message = f"{old} works only for a plugin named {quoted(built_in)}, and this one is named {quoted(name)}: the VM never starts"
    instead = f"set binding.name to {quoted(built_in)}, once the plugin is registered under this name"
    at_most = Action.WARN if image == VDPA_IMAGE else Action.DENY
    return [Violation(("binding", "name"), message, instead, at_most, f"register the plugin as {quoted(built_in)} in {registry.owner}")]


RULE = InterfaceRule(
    name="plugin-hard-coded-name", group=Group.PLUGINS, check=check, field="binding", since=Version(1, 1), needs_registry=True
)
