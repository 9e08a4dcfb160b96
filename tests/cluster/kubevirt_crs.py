"""KubeVirt CRs as an API server lists them."""

from collections.abc import Mapping
from typing import Any

KUBEVIRTS = "/apis/kubevirt.io/v1/kubevirts"
CR = "/apis/kubevirt.io/v1/namespaces/kubevirt/kubevirts/kubevirt"
TAP = {"domainAttachmentType": "tap"}


def kubevirt(
    binding: Any = None,
    *,
    name: str = "kubevirt",
    namespace: str = "kubevirt",
    phase: str | None = "Deployed",
    version: str = "v1.9.0",
    resource_version: str | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    """A deployed CR; `kubevirt({"passt": {}})`."""
    numbered = {"resourceVersion": resource_version} if resource_version is not None else {}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": {"name": name, "namespace": namespace, **numbered, **metadata},
        "spec": {"configuration": {"network": {"binding": {"blue": TAP} if binding is None else binding}}},
        "status": {"phase": phase, "observedKubeVirtVersion": version, "targetKubeVirtVersion": version},
    }


def event(kind: str, obj: Mapping[str, Any]) -> dict[str, Any]:
    """A line of a watch."""
    return {"type": kind, "object": dict(obj)}


def bookmark(resource_version: str) -> dict[str, Any]:
    """What a server sends to tell that nothing has changed."""
    return event("BOOKMARK", {"metadata": {"resourceVersion": resource_version}})
