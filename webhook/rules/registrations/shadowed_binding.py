"""A plugin is registered with the name of a core binding.

What
    The registration name is `bridge`, `masquerade`, `sriov` or `passtBinding`, in upper or lower case.

Why
    `bridge: {}` and `binding: {name: bridge}` then mean different things, and a reader of the VM cannot see which one is meant. `passt`,
    `slirp` and `macvtap` are accepted: KubeVirt's documentation registers its plugins with these names.

Refused
    binding: {masquerade: {domainAttachmentType: tap}}

Accepted
    binding: {l2bridge: {domainAttachmentType: managedTap}}

Source
    KubeVirt does not check names. The core bindings are in staging/src/kubevirt.io/api/core/v1/schema.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, Mistakes, Registration, RegistrationRule, Violation
from webhook.vmi.bindings import BINDINGS

_CORE = {binding.field.casefold(): binding.field for binding in BINDINGS if binding.field != "binding"}


def check(registration: Registration, _registry: Registry) -> Mistakes:
    """Compare the name with those of the core bindings."""
    core = _CORE.get(registration.name.casefold())
    if core is None:
        return ()
    message = f'plugin {quoted(registration.name)} has the name of the core binding "{core}: {{}}"'
    return [Violation((), message, "register it under another name, so that readers of a VM know which of the two is meant")]


RULE = RegistrationRule(name="shadowed-binding", group=Group.REGISTRATIONS, check=check, action=Action.WARN)
