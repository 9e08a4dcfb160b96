"""A plugin is registered with an empty name.

What
    The key in `spec.configuration.network.binding` is `""`.

Why
    KubeVirt keeps the entry. An interface without a plugin name (`binding: {name: ""}`) would get this plugin.

Refused
    binding: {"": {domainAttachmentType: tap}}

Accepted
    binding: {tap: {domainAttachmentType: tap}}

Source
    The map has no key pattern (staging/src/kubevirt.io/api/core/v1/types.go@v1.9.0), and KubeVirt does not check names.
"""

from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, Mistakes, Registration, RegistrationRule, Violation


def check(registration: Registration, _registry: Registry) -> Mistakes:
    """Check that there is a name."""
    if registration.name:
        return ()
    return [
        Violation((), 'a plugin is registered under the empty name ""', "register it under the name that interfaces write in binding.name")
    ]


RULE = RegistrationRule(name="empty-registration-name", group=Group.REGISTRATIONS, check=check, cause=CauseType.REQUIRED)
