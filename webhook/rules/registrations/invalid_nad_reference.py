"""A registration has an invalid reference to a NetworkAttachmentDefinition.

What
    `networkAttachmentDefinition` is neither `name` nor `namespace/name` with names as Kubernetes allows them, or the name has more than 170
    characters, which Multus does not support.

Why
    KubeVirt copies the value unchecked into the Multus annotation of the pod. The pod of every VM that uses the plugin hangs while its
    network is set up. KubeVirt splits at the first "/" only: `a/b/c` refers to an object named `b/c` in namespace `a`.

Refused
    {networkAttachmentDefinition: default/net/passt, sidecarImage: "quay.io/acme/passt:v1"}
    {networkAttachmentDefinition: NetBindingPasst, sidecarImage: "quay.io/acme/passt:v1"}

Accepted
    {networkAttachmentDefinition: default/netbindingpasst, sidecarImage: "quay.io/acme/passt:v1"}
    {networkAttachmentDefinition: netbindingpasst, sidecarImage: "quay.io/acme/passt:v1"}

Source
    KubeVirt does not check the value, and splits it in pkg/network/multus/nad.go@v1.9.0. Names: RFC 1123, as in kubernetes/apimachinery
    pkg/util/validation/validation.go. The length: kubevirt/kubevirt#17873.
"""

from webhook.kube.nad import REFERENCE_HELP, fault_of
from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, Registration, RegistrationRule, Violation


def check(registration: Registration, _registry: Registry) -> Mistakes:
    """Split as KubeVirt does, and check both names. An empty string counts as absent."""
    found = registration.plugin.network_attachment_definition
    fault = fault_of(found) if found else None
    if fault is None:
        return ()
    message = f"networkAttachmentDefinition {quoted(found)} is not valid: {fault}"
    return [Violation(("networkAttachmentDefinition",), message, REFERENCE_HELP)]


RULE = RegistrationRule(name="invalid-nad-reference", group=Group.REGISTRATIONS, check=check)
