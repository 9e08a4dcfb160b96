"""An interface uses a binding that KubeVirt has discontinued.

What
    `slirp`, `passt` or `macvtap` is set on an interface. `passt` is not `passtBinding`.

Why
    KubeVirt 1.3 discontinued these three core bindings. The schema still has the fields, but KubeVirt refuses VMs that use them. Before 1.3
    they work, and the rule warns: after an upgrade the VM cannot be created again.

Refused
    passt: {}

Accepted
    passtBinding: {}              # KubeVirt 1.8+

    binding: {name: passt}        # a plugin, where one is registered under this name

Source
    pkg/network/admitter/discontinued.go@v1.9.0. KubeVirt does not call it for replica sets and pools, but refuses the VMIs that they
    create. kubevirt/kubevirt#11701 (slirp, with its alternatives), #11915 (passt).
"""

from collections.abc import Mapping

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, CauseType, Group, InterfaceRule, Mistakes, Violation
from webhook.rules.bindings._legacy import refusals
from webhook.vmi.bindings import DISCONTINUED, DISCONTINUED_SINCE, Binding
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_CORE_PASST_SINCE = Version(1, 8)
_PLUGIN: Mapping[str, str] = {
    "slirp": "masquerade: {}, or a passt plugin (binding: {name: passt})",
    "passt": "a passt plugin (binding: {name: passt})",
    "macvtap": "a plugin that is registered with domainAttachmentType tap (binding: {name: macvtap})",
}


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Report each discontinued binding that is set."""
    if interface.slirp is None and interface.passt is None and interface.macvtap is None:
        return ()
    refused = {refusal.field for refusal in refusals(interface, vmi, registry)}  # reported by `legacy-binding-not-permitted`
    return [_violation(binding, registry) for binding in DISCONTINUED if binding.is_set(interface) and binding.field not in refused]


def _violation(binding: Binding, registry: Registry) -> Violation:
    successor = _successor(binding.field, registry)
    if registry.at_least(*DISCONTINUED_SINCE):
        return Violation(
            (binding.field,), f"KubeVirt refuses {binding.field}, which it discontinued in {DISCONTINUED_SINCE}", f"use {successor}"
        )
    message = f"KubeVirt refuses {binding.field} from {DISCONTINUED_SINCE} on"
    return Violation((binding.field,), message, f"use {successor}, before KubeVirt is upgraded", Action.WARN)


def _successor(field: str, registry: Registry) -> str:
    if field != "macvtap" and registry.at_least(*_CORE_PASST_SINCE):
        return f"the core binding passtBinding: {{}}, or {_PLUGIN[field]}"
    return _PLUGIN[field]


# KubeVirt itself lets replica sets and pools pass.
RULE = InterfaceRule(name="discontinued-binding", group=Group.BINDINGS, check=check, cause=CauseType.NOT_SUPPORTED)
