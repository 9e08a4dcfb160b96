"""Which KubeVirt CR of a cluster counts, and the registry that it gives.

KubeVirt's components take the CR of their own namespace that is not being deleted and has a `status.phase`; virt-operator acts on none
where there are several (pkg/virt-config/configuration.go and pkg/virt-operator/kubevirt.go@v1.9.0). Where none counts, nobody knows what
is registered, and no plugin's name is held against a VM.
"""

import enum
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from webhook.kube.fieldpath import look_up, render
from webhook.kube.shape import MAX_MISFITS
from webhook.plugins.registry import unknown_registry
from webhook.plugins.sources import LoadedRegistry, kubevirt, registry_from, type_mismatches_in

PATH = "/apis/kubevirt.io/v1/kubevirts"
RESOURCE = "kubevirts.kubevirt.io"

_API_VERSION = "kubevirt.io/v1"
_MAX_NAMED = 3
_LAUNCHER_CREATOR = "system:serviceaccount:{}:kubevirt-controller"
"""Who creates launcher pods (pkg/virt-operator/resource/generate/rbac/controller.go@v1.9.0)."""

Object = Mapping[str, Any]


class State(enum.StrEnum):
    """What a cluster has of KubeVirt CRs."""

    UNREAD = "unread"
    NOT_INSTALLED = "not-installed"
    NONE = "none"
    DELETING = "deleting"
    NOT_DEPLOYED = "not-deployed"
    SEVERAL = "several"
    UNREADABLE = "unreadable"
    ONE = "one"


class EffectiveCR(msgspec.Struct, frozen=True, kw_only=True):
    """What the KubeVirt CRs of a cluster come to.

    Attributes:
        state: Which of the cases it is.
        loaded: The registry; the unknown one in every state but `ONE`.
        creators: Users that create launcher pods; `None` when nobody knows.
        problem: Why it is not known what is registered, and what to do about it; empty when it is known.
    """

    state: State
    loaded: LoadedRegistry
    creators: frozenset[str] | None = None
    problem: str = ""


def unread(server: str) -> EffectiveCR:
    """Nothing has been read yet."""
    return _unknown(State.UNREAD, server, "the KubeVirt CR has not been read yet")


def not_installed(server: str) -> EffectiveCR:
    """The API server knows no such kind."""
    return _unknown(State.NOT_INSTALLED, server, "this cluster has no KubeVirt (no kubevirts.kubevirt.io); install it")


def counted(objects: Collection[Object], server: str) -> EffectiveCR:
    """What all KubeVirt CRs of the cluster at `server` come to."""
    staying = [each for each in objects if look_up(each, ("metadata", "deletionTimestamp")) is None]
    counting = [each for each in staying if look_up(each, ("status", "phase"))]
    if len(counting) == 1:
        return _one(counting[0], server)
    if counting:
        problem = f"{len(counting)} KubeVirt CRs count ({_named(counting)}) and KubeVirt acts on none of them; delete all but one"
        return _unknown(State.SEVERAL, server, problem, counting)
    if staying:
        return _unknown(State.NOT_DEPLOYED, server, f"KubeVirt {_named(staying)} is not deployed yet: it has no status.phase", staying)
    if objects:
        return _unknown(State.DELETING, server, f"KubeVirt {_named(list(objects))} is being deleted", list(objects))
    return _unknown(State.NONE, server, "this cluster has no KubeVirt CR; create one")


def version_of(objects: Collection[Object], listed: str) -> str:
    """Which state of the registry this is: the resourceVersion of the one CR that there is, else that of the listing."""
    versions = [look_up(each, ("metadata", "resourceVersion")) for each in objects]
    return versions[0] if len(versions) == 1 and isinstance(versions[0], str) and versions[0] else listed


def _one(obj: Object, server: str) -> EffectiveCR:
    written = {**obj, "apiVersion": _API_VERSION, "kind": kubevirt.KIND}  # the items of a list need not say what they are
    lost = _lost(written)
    if lost:
        return _unknown(State.UNREADABLE, server, f"KubeVirt {_named([obj])} cannot be read: {lost}", [obj])
    loaded = registry_from(written, source=server, lenient=True)
    odd = tuple(
        f"{render(type_mismatch.path)} is {type_mismatch.found}, expected {type_mismatch.expected}: it is read as if empty"
        for type_mismatch in type_mismatches_in(written)
    )
    return EffectiveCR(state=State.ONE, loaded=msgspec.structs.replace(loaded, notes=(*loaded.notes, *odd)), creators=_creators([obj]))


def _lost(obj: Object) -> str:
    """Why the plugins cannot be told from such a CR; empty when they can. A plugin that does not fit is one without fields."""
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
