"""Objects that the API server is given: CRDs of our own with the fields that matter, and webhook configurations."""

from typing import Any

KINDS = {
    "kubevirt.io": [
        ("VirtualMachine", "virtualmachines", ["v1", "v1alpha3"], True),
        ("VirtualMachineInstance", "virtualmachineinstances", ["v1", "v1alpha3"], False),
        ("VirtualMachineInstanceReplicaSet", "virtualmachineinstancereplicasets", ["v1", "v1alpha3"], True),
        ("KubeVirt", "kubevirts", ["v1", "v1alpha3"], True),
    ],
    "pool.kubevirt.io": [("VirtualMachinePool", "virtualmachinepools", ["v1beta1"], True)],
}
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def crd(group: str, kind: str, plural: str, versions: list[str], *, has_status: bool) -> dict[str, Any]:
    """A CRD that keeps whatever it is given; KubeVirt's VMI has no status subresource, the others have one."""
    served = [
        {
            "name": version,
            "served": True,
            "storage": version == versions[0],
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": ANYTHING, "status": ANYTHING}}},
            "subresources": {"status": {}} if has_status else {},
        }
        for version in versions
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}", "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"}},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "scope": "Namespaced",
            "versions": served,
        },
    }


def crds() -> list[dict[str, Any]]:
    """All of them."""
    return [
        crd(group, kind, plural, versions, has_status=has_status)
        for group, kinds in KINDS.items()
        for kind, plural, versions, has_status in kinds
    ]


def validating_configuration(url: str, ca_bundle: str) -> dict[str, Any]:
    """A cluster-wide configuration that asks `url` about every kind."""
    rules = [
        {"apiGroups": [group], "apiVersions": versions, "operations": ["CREATE", "UPDATE", "DELETE"], "resources": [plural, f"{plural}/*"]}
        for group, kinds in KINDS.items()
        for _, plural, versions, _ in kinds
    ]
    return _configuration("ValidatingWebhookConfiguration", "validate.bindguard.io", url, ca_bundle, rules)


def mutating_configuration(url: str, ca_bundle: str) -> dict[str, Any]:
    """A cluster-wide configuration that asks `url` about launcher pods."""
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]
    configuration = _configuration("MutatingWebhookConfiguration", "mutate.bindguard.io", url, ca_bundle, rules)
    configuration["webhooks"][0] |= {
        "objectSelector": {"matchLabels": {"kubevirt.io": "virt-launcher"}},
        "reinvocationPolicy": "IfNeeded",
    }
    return configuration


def _configuration(kind: str, name: str, url: str, ca_bundle: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    webhook = {
        "name": name,
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "timeoutSeconds": 5,
        "clientConfig": {"url": url, "caBundle": ca_bundle},
        "rules": rules,
    }
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "bindguard"}, "webhooks": [webhook]}


def vm(name: str, plugin: str, **metadata: Any) -> dict[str, Any]:
    """A VM with one interface on a plugin."""
    interfaces = [{"name": "default", "binding": {"name": plugin}}]
    vmi = {"domain": {"devices": {"interfaces": interfaces}}, "networks": [{"name": "default", "pod": {}}]}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name, "namespace": "default", **metadata},
        "spec": {"template": {"spec": vmi}},
    }


def kubevirt(*plugins: str) -> dict[str, Any]:
    """A KubeVirt CR that counts, with some registered plugins."""
    binding = {name: {"domainAttachmentType": "managedTap", "migration": {}} for name in plugins}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": {"name": "kubevirt", "namespace": "kubevirt"},
        "spec": {"configuration": {"network": {"binding": binding}}},
        "status": {"phase": "Deployed", "observedKubeVirtVersion": "v1.9.0", "targetKubeVirtVersion": "v1.9.0"},
    }
