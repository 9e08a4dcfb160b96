"""A plugin is registered under the name of a core binding.

What
    The registration name is `bridge`, `masquerade`, `sriov` or `passtBinding`, in whatever case.

Why
    `bridge: {}` and `binding: {name: bridge}` then mean two different things, and who reads a VM cannot tell which one was meant.
    `passt`, `slirp` and `macvtap` are no such names: upstream's own plugins are documented under them.

Refused
    binding: {masquerade: {domainAttachmentType: tap}}

Accepted
    binding: {l2bridge: {domainAttachmentType: managedTap}}

Source
    Upstream does not check names; core bindings are in staging/src/kubevirt.io/api/core/v1/schema.go@v1.9.0.
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
