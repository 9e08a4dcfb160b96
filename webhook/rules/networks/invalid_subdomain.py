"""A pod cannot have the subdomain of the VM.

What
    `subdomain` has a dot, more than 63 characters, or another character than a-z, 0-9 and `-`.

Why
    KubeVirt accepts a dotted name of up to 253 characters and copies it into the virt-launcher pod. The `subdomain` of a pod must be one
    DNS label. The API server refuses the pod, and the VMI stays Pending.

Refused
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]
    subdomain: lab.example

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]
    subdomain: lab

Source
    validateSubdomainDNSSubdomainRules in pkg/virt-api/webhooks/validating-webhook/admitters/vmi-create-admitter.go@v1.1.1 and @v1.9.0;
    renderLaunchManifest in pkg/virt-controller/services/template.go@v1.9.0. Compared with a kube-apiserver 1.20.
"""

from webhook.kube.names import is_dns_label
from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, SpecRule, Violation
from webhook.vmi.vmi import VMI

_HELP = "write one DNS label: at most 63 lower-case letters, digits and hyphens"


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Check the name. An empty one counts as absent."""
    subdomain = vmi.spec.subdomain
    if not subdomain or is_dns_label(subdomain):
        return ()
    return [Violation(("subdomain",), f"subdomain {quoted(subdomain)} is not a DNS label, so the API server refuses the VM's pod", _HELP)]


RULE = SpecRule(name="invalid-subdomain", group=Group.NETWORKS, check=check)
