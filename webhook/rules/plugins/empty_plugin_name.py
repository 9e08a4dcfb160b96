"""A plugin binding has no plugin name.

What
    `interfaces[].binding` is present, and its `name` is empty or missing.

Why
    The schema requires `name` but accepts an empty string, and no KubeVirt release checks more. KubeVirt admits the VM, finds no plugin
    with the empty name, and the VM never starts.

Refused
    binding: {name: ""}

Accepted
    binding: {name: passt}        # the name under which the plugin is registered

Source
    `PluginBinding` in staging/src/kubevirt.io/api/core/v1/schema.go@v1.9.0; the failure is in pkg/network/netbinding/netbinding.go@v1.9.0.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, _vmi: VMI, registry: Registry) -> Mistakes:
    """Check that there is a name. `unregistered-plugin` checks whether it is registered."""
    if interface.binding is None or interface.binding.name:
        return ()
    message = (
        "binding has no name, and so no plugin" if interface.binding.name is None else "binding.name is empty, and so there is no plugin"
    )
    return [Violation(("binding", "name"), message, registry.registered if registry.known else "write the name of a registered plugin")]


RULE = InterfaceRule(
    name="empty-plugin-name", group=Group.PLUGINS, check=check, cause=CauseType.REQUIRED, field="binding", since=Version(1, 1)
)
