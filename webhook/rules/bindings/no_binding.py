"""An interface has no binding.

What
    None of `bridge`, `masquerade`, `sriov`, `passtBinding` and `binding` is set on an interface.

Why
    A binding connects the NIC to its network. An interface in the spec has no default binding, although the field comments of the API say
    so. Before 1.9 KubeVirt accepts such a VM, and virt-handler fails to set up its network again and again. From 1.9 KubeVirt refuses the
    VM. A binding that the running KubeVirt does not know (`passtBinding` before 1.8) counts as none, since the API server drops the field.

Refused
    interfaces: [{name: default}]
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    pkg/network/admitter/binding.go@v1.9.0, which reports `interfaces[i]`; kubevirt/kubevirt#18374. A VM preference may fill in
    masquerade (pkg/instancetype/preference/apply/interface.go@v1.9.0), so a VM with a preference is not checked.
"""

from webhook.kube.text import quoted
from webhook.kube.version import OLDEST, Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.bindings import BINDINGS
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Look for a binding that the running KubeVirt knows. `discontinued-binding` reports discontinued ones."""
    if interface.masquerade is not None or interface.bridge is not None or vmi.has_preference or _has_method(interface, registry):
        return ()
    known = ", ".join(f"{binding.field}: {{}}" for binding in BINDINGS if binding.field != "binding" and registry.at_least(*binding.since))
    message = f"interface {quoted(interface.name)} has no binding{_dropped(interface, registry)}"
    return [Violation((), message, f"add one of {known}, or a plugin as binding: {{name: ...}}")]


def _has_method(interface: Interface, registry: Registry) -> bool:
    if interface.binding is not None and registry.at_least(*OLDEST):  # the likeliest; the loop takes four times as long
        return True
    if interface.slirp is not None or interface.passt is not None or interface.macvtap is not None:
        return True
    return any(binding.is_set(interface) and registry.at_least(*binding.since) for binding in BINDINGS)


def _dropped(interface: Interface, registry: Registry) -> str:
    for binding in BINDINGS:
        if binding.is_set(interface):
            return f": KubeVirt {registry.version} drops {binding.field}, which came with {binding.since}"
    return ""


RULE = InterfaceRule(name="no-binding", group=Group.BINDINGS, check=check, cause=CauseType.REQUIRED, upstream_since=Version(1, 9))
