"""An interface names a binding plugin that is not registered.

What
    `interfaces[].binding.name` is not a key of `spec.configuration.network.binding` in the KubeVirt CR.

Why
    KubeVirt admits such a VM but cannot start it. virt-controller cannot render the pod, the VM stays in `Starting`, and no event says why.
    When the plugin is registered later, the VM does not start at once: the retries are up to about 17 minutes apart. The rule only warns if
    a HyperConverged CR does not determine what its operator registers: it has a JSON patch annotation that cannot be applied, or an unknown
    release.

Refused
    binding: {name: pastt}        # the registry has passt

Accepted
    binding: {name: passt}        # written exactly as registered, case included

Source
    No KubeVirt release checks the name at admission; the failure is in pkg/network/netbinding/netbinding.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_CORE_MEANT = {
    "bridge": "bridge",
    "masquerade": "masquerade",
    "passt": "passtBinding",
    "passtbinding": "passtBinding",
    "sr-iov": "sriov",
    "sriov": "sriov",
}
"""What is often written as a plugin's name, in lower case, and the core binding that it means; passtBinding is one from 1.8."""


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Look up the plugin's name. `empty-plugin-name` reports an empty one."""
    name = interface.binding.name if interface.binding is not None else None
    if not name or name in registry.plugins:
        return ()
    at_most = Action.DENY if registry.is_complete and name not in registry.possible_plugins else Action.WARN
    message = f"no binding plugin named {quoted(name)} is registered{_meant(name, vmi, registry)}"
    return [Violation(("binding", "name"), message, registry.registered, at_most, f"register {quoted(name)} in {registry.owner}")]


def _meant(name: str, vmi: VMI, registry: Registry) -> str:
    core = _core_binding_meant(name, registry)
    if core is not None:
        return f'; did you mean the core binding "{core}: {{}}" in place of "binding"?'
    by_attachment = registry.name_by_attachment.get(name)
    if by_attachment is not None:
        return f"; that is the NetworkAttachmentDefinition of plugin {quoted(by_attachment)}, did you mean the plugin?"
    return vmi.meant(name, registry.plugins)


def _core_binding_meant(name: str, registry: Registry) -> str | None:
    """The core binding that was probably meant; `None` if a registered name differs only in case."""
    folded = name.casefold()
    core = _CORE_MEANT.get(folded)
    if core is None or folded in registry.folded_names:
        return None
    return core if core != "passtBinding" or registry.at_least(1, 8) else None


RULE = InterfaceRule(
    name="unregistered-plugin",
    group=Group.PLUGINS,
    check=check,
    cause=CauseType.NOT_FOUND,
    field="binding",
    since=Version(1, 1),
    needs_registry=True,
)
