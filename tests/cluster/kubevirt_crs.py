"""KubeVirt CRs as an API server lists them, and clocks that do not wait."""

import asyncio
from collections.abc import Mapping
from typing import Any

from webhook.cluster.watching import Clock

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


class Time:
    """A clock that stands still until somebody waits, and then runs ahead; what was waited for is in `waited`."""

    def __init__(self, chance: float = 1.0) -> None:
        self.now = 1000.0
        self.waited: list[float] = []
        self._chance = chance

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep, lambda: self._chance)

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds
        await asyncio.sleep(0.002)  # others get their turn, and a failing loop does not spin
