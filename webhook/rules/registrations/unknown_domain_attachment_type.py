"""A registration has a domainAttachmentType that KubeVirt does not know.

What
    `domainAttachmentType` is neither `tap` nor `managedTap`.

Why
    KubeVirt treats an unknown value as absent and does not report it. A VM that uses the plugin boots without the NIC.

Refused
    domainAttachmentType: Tap

Accepted
    domainAttachmentType: tap
    domainAttachmentType: managedTap     # KubeVirt 1.4+

Source
    pkg/virt-launcher/virtwrap/converter/network/configurator.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.plugin import ATTACHMENT_TYPES
from webhook.plugins.registry import Registry
from webhook.plugins.suggestions import meant
from webhook.rules.base import CauseType, Group, Mistakes, Registration, RegistrationRule, Violation


def check(registration: Registration, registry: Registry) -> Mistakes:
    """Compare with the values of the running KubeVirt. An empty string counts as absent."""
    found = registration.plugin.domain_attachment_type
    known = registry.attachment_types
    if not found or found in known:
        return ()
    since = ATTACHMENT_TYPES.get(found)
    if since is not None:
        message = f"domainAttachmentType {quoted(found)} is unknown to KubeVirt {registry.version}: it came with {since}"
    else:
        message = f"domainAttachmentType {quoted(found)} is unknown to KubeVirt{meant(found, known)}"
    return [Violation(("domainAttachmentType",), message, "use " + " or ".join(quoted(value) for value in known))]


RULE = RegistrationRule(
    name="unknown-domain-attachment-type", group=Group.REGISTRATIONS, check=check, cause=CauseType.NOT_SUPPORTED, since=Version(1, 1, 1)
)
