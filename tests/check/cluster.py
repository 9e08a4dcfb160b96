"""A cluster as `check` and `registry` meet it: a fake API server with discovery and pages, and a kubeconfig that names it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.check.builders import KUBEVIRT, vm
from tests.cluster import kubeconfigs
from tests.cluster.fake_api import Asked, FakeApi

Object = dict[str, Any]

_SERVED: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "kubevirt.io": {
        "v1": {
            "KubeVirt": "kubevirts",
            "VirtualMachine": "virtualmachines",
            "VirtualMachineInstance": "virtualmachineinstances",
            "VirtualMachineInstanceReplicaSet": "virtualmachineinstancereplicasets",
        }
    },
    "pool.kubevirt.io": {"v1beta1": {"VirtualMachinePool": "virtualmachinepools"}},
}
SPEC = "/apis/kubevirt.io/v1"


class Cluster:
    """Objects of a cluster, listed in pages of `page` objects.

    Attributes:
        api: The server.
        forbidden: Paths that may not be listed.
        expired: How many pages from the first one on are answered before the state has expired, once.
    """

    def __init__(self, api: FakeApi, *objects: Object, page: int = 2, served: Mapping[str, Any] = _SERVED) -> None:
        self.api = api
        self.page = page
        self.served = served
        self.objects = [deployed_kubevirt(), *objects]
        self.forbidden: set[str] = set()
        self.expires_at = -1
        self.token_after_expiry: str | None = None
        api.answer = self.answer

    def kubeconfig(self, directory: Path) -> str:
        """A kubeconfig with one context, `here`."""
        return kubeconfigs.kubeconfig(directory, self.api.url, {"token": "secret"})

    def answer(self, asked: Asked) -> tuple[int, Object] | None:
        """Discovery and lists; everything else is the fake's own."""
        parts = asked.path.strip("/").split("/")
        if parts[0] != "apis" or parts[1] not in self.served:
            return (404, status("NotFound", "no such group")) if parts[0] == "apis" else None
        if len(parts) == 2:
            return 200, {"versions": [{"version": version} for version in self.served[parts[1]]]}
        kinds = self.served[parts[1]].get(parts[2])
        if kinds is None:
            return 404, status("NotFound", "no such version")
        if len(parts) == 3:
            return 200, {"resources": [{"name": plural, "kind": kind} for kind, plural in kinds.items()]}
        return self._listed(asked, parts, {plural: kind for kind, plural in kinds.items()}[parts[-1]])

    def _listed(self, asked: Asked, parts: Sequence[str], kind: str) -> tuple[int, Object]:
        if asked.path in self.forbidden:
            return 403, status("Forbidden", f'{parts[-1]}.{parts[1]} is forbidden: User "u" cannot list resource "{parts[-1]}"')
        namespace = parts[4] if parts[3] == "namespaces" else None
        found = [each for each in self.objects if each["kind"] == kind and namespace in (None, each["metadata"]["namespace"])]
        found.sort(key=lambda each: f"{each['metadata']['namespace']}/{each['metadata']['name']}")
        start = int(asked.query.get("continue", "0"))
        if 0 < start == self.expires_at:
            self.expires_at = -1
            metadata = {"continue": self.token_after_expiry} if self.token_after_expiry is not None else {}
            return 410, {**status("Expired", "the continue parameter is too old"), "metadata": metadata}
        end = start + self.page
        more = {"continue": str(end), "remainingItemCount": len(found) - end} if end < len(found) else {}
        return 200, {"kind": f"{kind}List", "apiVersion": f"{parts[1]}/{parts[2]}", "metadata": more, "items": found[start:end]}


def status(reason: str, message: str) -> Object:
    return {"kind": "Status", "status": "Failure", "reason": reason, "message": message}


def deployed_kubevirt(**status_fields: Any) -> Object:
    """The KubeVirt CR of the manifests, as a cluster has it."""
    found: Object = yaml.safe_load(KUBEVIRT)
    found["metadata"] |= {"uid": "kv", "resourceVersion": "7", "managedFields": [{"manager": "kubectl"}]}
    return found | {"status": {"phase": "Deployed", "observedKubeVirtVersion": "v1.9.0", **status_fields}}


def live_vm(plugin: str = "l2bridge", name: str = "web", namespace: str = "shop", **metadata: Any) -> Object:
    """A VM as a cluster has it."""
    found: Object = yaml.safe_load(vm(plugin, name))
    found["metadata"] |= {"namespace": namespace, "uid": f"vm-{namespace}-{name}", **metadata}
    return found


def vmi_of(owner: Object, plugin: str | None = None) -> Object:
    """The VMI that runs for a VM, with its spec, or with another plugin."""
    spec = json.loads(json.dumps(owner["spec"]["template"]["spec"]))
    if plugin is not None:
        spec["domain"]["devices"]["interfaces"][0]["binding"]["name"] = plugin
    reference = {"kind": "VirtualMachine", "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"], "controller": True}
    metadata = {**owner["metadata"], "uid": f"vmi-{owner['metadata']['uid']}", "ownerReferences": [reference]}
    return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": metadata, "spec": spec}
