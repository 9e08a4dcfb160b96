"""Find the active KubeVirt CR of a cluster, and read the registry from it.

KubeVirt's components use the CR in their own namespace that is not being deleted and has a `status.phase`. If there are several,
virt-operator acts on none (pkg/virt-config/configuration.go and pkg/virt-operator/kubevirt.go@v1.9.0). Without an active CR the registered
plugins are unknown, and no VM is denied for the name of a plugin.
"""

import enum
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from webhook.kube.fieldpath import look_up, render
from webhook.kube.shape import MAX_MISFITS
from webhook.plugins.registry import unknown_registry
from webhook.plugins.sources import LoadedRegistry, kubevirt, read_registry_cr, registry_from

PATH = "/apis/kubevirt.io/v1/kubevirts"
RESOURCE = "kubevirts.kubevirt.io"

_API_VERSION = "kubevirt.io/v1"
_MAX_NAMED = 3
_LAUNCHER_CREATOR = "system:serviceaccount:{}:kubevirt-controller"
"""Who creates launcher pods (pkg/virt-operator/resource/generate/rbac/controller.go@v1.9.0)."""

Object = Mapping[str, Any]


class State(enum.StrEnum):
    """The states of the KubeVirt CRs of a cluster."""

    UNREAD = "unread"
    NOT_INSTALLED = "not-installed"
    NONE = "none"
    DELETING = "deleting"
    NOT_DEPLOYED = "not-deployed"
    SEVERAL = "several"
    UNREADABLE = "unreadable"
    ONE = "one"


class EffectiveCR(msgspec.Struct, frozen=True, kw_only=True):
    """The active KubeVirt CR of a cluster, or why there is none.

    Attributes:
        state: The state.
        loaded: The registry; without plugins and unknown unless the state is `ONE`.
        creators: Users that create launcher pods; `None` when they are unknown.
        problem: Why the registered plugins are unknown, and what to do about it; empty when they are known.
    """

    state: State
    loaded: LoadedRegistry
    creators: frozenset[str] | None = None
    problem: str = ""


def unread(server: str) -> EffectiveCR:
    """The state before the first read."""
    return _unknown(State.UNREAD, server, "the KubeVirt CR has not been read yet")


def not_installed(server: str) -> EffectiveCR:
    """The state where the API server does not serve the kind KubeVirt."""
    return _unknown(State.NOT_INSTALLED, server, "this cluster has no KubeVirt (no kubevirts.kubevirt.io); install it")


def effective_cr(objects: Collection[Object], server: str) -> EffectiveCR:
    """Find the active one among all KubeVirt CRs of a cluster; `server` is for messages."""
    not_deleting = [each for each in objects if look_up(each, ("metadata", "deletionTimestamp")) is None]
    active = [each for each in not_deleting if look_up(each, ("status", "phase"))]
    if len(active) == 1:
        return _one(active[0], server)
    if active:
        problem = f"{len(active)} KubeVirt CRs are active ({_named(active)}) and KubeVirt acts on none of them; delete all but one"
        return _unknown(State.SEVERAL, server, problem, active)
    if not_deleting:
        return _unknown(
            State.NOT_DEPLOYED, server, f"KubeVirt {_named(not_deleting)} is not deployed yet: it has no status.phase", not_deleting
        )
    if objects:
        return _unknown(State.DELETING, server, f"KubeVirt {_named(list(objects))} is being deleted", list(objects))
    return _unknown(State.NONE, server, "this cluster has no KubeVirt CR; create one")


def version_of(objects: Collection[Object], listed: str) -> str:
    """The version of the registry: the resourceVersion of the only CR, else `listed`, that of the list."""
    versions = [look_up(each, ("metadata", "resourceVersion")) for each in objects]
    return versions[0] if len(versions) == 1 and isinstance(versions[0], str) and versions[0] else listed


def _one(obj: Object, server: str) -> EffectiveCR:
    written = {**obj, "apiVersion": _API_VERSION, "kind": kubevirt.KIND}  # the items of a list need not say what they are
    problem = _unreadable(written)
    if problem:
        return _unknown(State.UNREADABLE, server, f"KubeVirt {_named([obj])} cannot be read: {problem}", [obj])
    loaded = registry_from(written, source=server, lenient=True)
    cr = read_registry_cr(written)
    notes = tuple(
        f"{render(type_mismatch.path)} is {type_mismatch.found}, expected {type_mismatch.expected}: it is read as if empty"
        for type_mismatch in (cr.type_mismatches if cr is not None else ())
    )
    return EffectiveCR(state=State.ONE, loaded=msgspec.structs.replace(loaded, notes=(*loaded.notes, *notes)), creators=_creators([obj]))


def _unreadable(obj: Object) -> str:
    """Why the plugins cannot be read from this CR; empty when they can. A plugin of a wrong type is read as one without fields."""
    type_mismatches = kubevirt.type_mismatches_in(obj)
    if len(type_mismatches) >= MAX_MISFITS:
        return f"{MAX_MISFITS} values or more have a wrong type"
    holding = [type_mismatch for type_mismatch in type_mismatches if type_mismatch.path == kubevirt.BINDING[: len(type_mismatch.path)]]
    return f"{render(holding[0].path)} is {holding[0].found}, expected {holding[0].expected}" if holding else ""


def _unknown(state: State, server: str, problem: str, objects: Sequence[Object] = ()) -> EffectiveCR:
    registry = msgspec.structs.replace(unknown_registry(), source=f"KubeVirt CRs in {server}")
    return EffectiveCR(
        state=state, loaded=LoadedRegistry(registry=registry, notes=(problem,)), creators=_creators(objects), problem=problem
    )


def _creators(objects: Sequence[Object]) -> frozenset[str] | None:
    return frozenset(_LAUNCHER_CREATOR.format(look_up(each, ("metadata", "namespace"))) for each in objects) or None


def _named(objects: Sequence[Object]) -> str:
    names = [f"{look_up(each, ('metadata', 'namespace'))}/{look_up(each, ('metadata', 'name'))}" for each in objects]
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(sorted(names)[:_MAX_NAMED]) + more
