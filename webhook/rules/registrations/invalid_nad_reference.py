"""A registration names a NetworkAttachmentDefinition that cannot exist.

What
    `networkAttachmentDefinition` is neither `name` nor `namespace/name` with names as Kubernetes allows them.

Why
    KubeVirt copies the value into the pod's Multus annotation unread; every VM that uses the plugin then hangs while its pod's network is
    set up. KubeVirt splits at the first "/" only: `a/b/c` asks for an object named `b/c` in namespace `a`.

Refused
    {networkAttachmentDefinition: default/net/passt, sidecarImage: "quay.io/acme/passt:v1"}
    {networkAttachmentDefinition: NetBindingPasst, sidecarImage: "quay.io/acme/passt:v1"}

Accepted
    {networkAttachmentDefinition: default/netbindingpasst, sidecarImage: "quay.io/acme/passt:v1"}
    {networkAttachmentDefinition: netbindingpasst, sidecarImage: "quay.io/acme/passt:v1"}

Source
    Nothing upstream checks the value; it is split in pkg/network/multus/nad.go@v1.9.0. Names: RFC 1123, as in
    kubernetes/apimachinery pkg/util/validation/validation.go.
"""

from webhook.kube.names import MAX_NAME_LENGTH, is_dns_label, is_dns_name
from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, Registration, RegistrationRule, Violation


def check(registration: Registration, _registry: Registry) -> Mistakes:
    """Split as KubeVirt does and look at both names; an empty string counts as absent."""
    found = registration.plugin.network_attachment_definition
    wrong = _wrong(found) if found else None
    if wrong is None:
        return ()
    message = f"networkAttachmentDefinition {quoted(found)} cannot exist: {wrong}"
    accepted = "write name or namespace/name, in lower-case letters, digits, hyphens and, in the name, dots"
    return [Violation(("networkAttachmentDefinition",), message, accepted)]


def _wrong(found: str) -> str | None:
    namespace, slash, name = found.partition("/") if "/" in found else ("", "", found)
    if slash and not is_dns_label(namespace):
        return f"{quoted(namespace)} is no name of a namespace"
    if "/" in name:
        return f'KubeVirt splits at the first "/" and asks for the name {quoted(name)}'
    if len(name) > MAX_NAME_LENGTH:
        return f"the name has {len(name)} characters, {MAX_NAME_LENGTH} are allowed"
    return None if is_dns_name(name) else f"{quoted(name)} is no name of an object"


RULE = RegistrationRule(name="invalid-nad-reference", group=Group.REGISTRATIONS, check=check)
