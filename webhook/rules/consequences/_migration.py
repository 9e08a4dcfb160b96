"""Whether a VM is to be live-migrated, and which interface KubeVirt checks for that."""

from collections.abc import Mapping

from webhook.plugins.registry import Registry
from webhook.vmi.vmi import VMI

ALLOW_BRIDGE = "kubevirt.io/allow-pod-bridge-network-live-migration"
"""Annotation of the VMI that lets a bridge on the pod network migrate; any value counts (pkg/network/vmispec/interface.go@v1.9.0)."""

AT_DRAIN: Mapping[str | None, str] = {
    "LiveMigrate": "its eviction is refused, and a node drain hangs",
    "LiveMigrateIfPossible": "a node drain shuts the VM down",
}
"""The eviction strategies that ask for migration, with what happens to a VM that cannot migrate."""


def eviction_strategy(vmi: VMI, registry: Registry) -> str | None:
    """The VMI's eviction strategy, else the cluster's (pkg/util/migrations/migrations.go@v1.9.0)."""
    own = vmi.spec.eviction_strategy
    return registry.eviction_strategy if own is None else own


def pod_interface(vmi: VMI) -> int | None:
    """Index of the only interface that KubeVirt examines: the first of the first pod network's name; `None` when there is none."""
    for network in vmi.networks:
        if network.pod is not None:
            break
    else:
        return None
    for index, interface in enumerate(vmi.interfaces):
        if (interface.name or "") == (network.name or ""):
            return index
    return None
