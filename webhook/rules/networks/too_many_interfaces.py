"""A VM has more interfaces or networks than KubeVirt accepts.

What
    `domain.devices.interfaces` or `networks` has more than 256 entries.

Why
    KubeVirt refuses longer lists. From 1.3 on the API server refuses them first.

Refused
    More than 256 interfaces.

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    arrayLenMax in pkg/virt-api/webhooks/validating-webhook/admitters/vmi-create-admitter.go@v1.1.1 to v1.9.0; maxItems in
    pkg/virt-operator/resource/generate/components/validations_generated.go@v1.3.1 and later.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, SpecRule, Violation
from webhook.rules.plan import INTERFACES
from webhook.vmi.vmi import MAX_INTERFACES, VMI


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Count both lists."""
    lists = ((INTERFACES, "interfaces", len(vmi.interfaces)), (("networks",), "networks", len(vmi.networks)))
    return [
        Violation(path, f"there are {count} {name}, and KubeVirt accepts at most {MAX_INTERFACES}", f"keep at most {MAX_INTERFACES}")
        for path, name, count in lists
        if count > MAX_INTERFACES
    ]


RULE = SpecRule(name="too-many-interfaces", group=Group.NETWORKS, check=check, trait="has_too_many", upstream_since=Version(0, 1))
