"""A registration adds no NIC to the guest.

What
    The plugin has neither a `sidecarImage` nor a `domainAttachmentType`.

Why
    Nothing adds the interface to the domain. A VM that uses the plugin boots without the NIC, and nothing reports it. A
    NetworkAttachmentDefinition alone only prepares the pod. If there is one, the rule only warns: the annotation
    `hooks.kubevirt.io/hookSidecars` of a VM may add a sidecar that adds the NIC.

Refused
    networkAttachmentDefinition: default/netbindingpasst      # a warning
    migration: {}

Accepted
    {networkAttachmentDefinition: default/netbindingpasst, sidecarImage: "quay.io/kubevirt/network-passt-binding:v1.9.0"}
    domainAttachmentType: managedTap

Source
    pkg/virt-launcher/virtwrap/converter/network/configurator.go@v1.9.0 skips such an interface without an error. The annotation is read
    in pkg/hooks/hooks.go@v1.9.0.
"""

from webhook.plugins.fields import SINCE
from webhook.plugins.registry import Registry
from webhook.rules.base import Action, Group, Mistakes, Registration, RegistrationRule, Violation

_ATTACHMENT_TYPE = "domainAttachmentType"


def check(registration: Registration, registry: Registry) -> Mistakes:
    """Look for a field that adds the NIC.

    Other rules report unusable values (an unknown type, a broken image, a wrong type of value). An attachment type that the running release
    does not have counts as absent.
    """
    raw = registration.raw
    if not isinstance(raw, dict) or _is_set(raw, "sidecarImage"):
        return ()
    if _is_set(raw, _ATTACHMENT_TYPE) and registry.at_least(*SINCE[_ATTACHMENT_TYPE]):
        return ()
    message = "the plugin has neither sidecarImage nor domainAttachmentType: a VM that uses it boots without that NIC"
    accepted = "set sidecarImage, or domainAttachmentType to tap or managedTap (KubeVirt 1.4+)"
    if _is_set(raw, "networkAttachmentDefinition") and not _is_set(raw, _ATTACHMENT_TYPE):
        return [Violation((), f"{message}, unless a hook sidecar of the VM adds it", accepted, Action.WARN)]
    return [Violation((), message, accepted)]


def _is_set(raw: dict[str, object], field: str) -> bool:
    return raw.get(field) not in (None, "")


RULE = RegistrationRule(name="registration-attaches-nothing", group=Group.REGISTRATIONS, check=check)
