"""An interface uses a plugin that adds no NIC to the guest.

What
    The plugin is registered with neither a `sidecarImage` nor a `domainAttachmentType` that the running KubeVirt knows.

Why
    KubeVirt does not add such an interface to the domain, and does not report it: the VM boots without the NIC. The usual cause is a
    mistake in the registration, such as `Tap` for `tap`. If the annotation `hooks.kubevirt.io/hookSidecars` of the VM adds a sidecar, that
    sidecar may add the NIC, and the rule only warns.

Refused
    binding: {name: half}        # registered as half: {networkAttachmentDefinition: default/half}

Accepted
    binding: {name: whole}       # registered as whole: {networkAttachmentDefinition: default/whole, domainAttachmentType: tap}

Source
    pkg/virt-launcher/virtwrap/converter/network/configurator.go@v1.9.0. KubeVirt knows `managedTap` from 1.4 on. The annotation is read in
    pkg/hooks/hooks.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

HOOK_SIDECARS = "hooks.kubevirt.io/hookSidecars"


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Check the registration. `unregistered-plugin` reports a missing one."""
    name = interface.binding.name if interface.binding is not None else None
    plugin = registry.plugins.get(name or "")
    if plugin is None or registry.attaches(plugin):
        return ()
    found = plugin.domain_attachment_type
    kind = f"with domainAttachmentType {quoted(found)}, which KubeVirt does not know," if found else "without domainAttachmentType"
    message = f"plugin {quoted(name)} is registered {kind} and without sidecarImage, so the VM boots without this NIC"
    known = " or ".join(registry.attachment_types)
    means = f"domainAttachmentType {known}, or a sidecarImage," if known else "a sidecarImage"
    instead = "use another plugin, or a core binding such as masquerade: {}"
    at_most = Action.WARN if vmi.annotations.get(HOOK_SIDECARS) else Action.DENY
    return [Violation(("binding", "name"), message, instead, at_most, f"give {quoted(name)} {means} in {registry.owner}")]


RULE = InterfaceRule(
    name="plugin-attaches-nothing", group=Group.PLUGINS, check=check, field="binding", since=Version(1, 1), needs_registry=True
)
