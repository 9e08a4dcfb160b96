"""Recognise an object with a mistyped apiVersion or kind by its fields."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from webhook.kube.fieldpath import Path, look_up, text_at
from webhook.kube.text import quoted
from webhook.plugins.sources import READ
from webhook.plugins.sources.hyperconverged import KIND as HYPERCONVERGED
from webhook.plugins.sources.kubevirt import KIND as KUBEVIRT
from webhook.plugins.suggestions import nearest
from webhook.rules.base import ShapeError, Subject
from webhook.vmi.kinds import KINDS, Kind, split_api_version

_OTHER_KINDS = frozenset({"VirtualMachineInstancePreset"})
"""Kinds of KubeVirt that have the same fields as a checked kind."""

_GROUPS = frozenset({kind.group for kind in KINDS})


class LookAlike(NamedTuple):
    """An object whose apiVersion or kind is mistyped.

    Attributes:
        obj: The object with apiVersion and kind corrected.
        error: What is wrong with those in the file.
    """

    obj: Mapping[str, object]
    error: ShapeError


def lookalike(obj: object) -> LookAlike | None:
    """The object of a checked kind that `obj` was probably meant to be, or `None` if it is of another kind.

    An object is taken for a checked kind if it has a VMI spec at the same path, and either the same kind or a group like KubeVirt's.
    A KubeVirt or HyperConverged CR is recognised by its kind, with a group that contains `kubevirt` or no apiVersion.
    """
    if not isinstance(obj, dict):
        return None
    api_version, name = text_at(obj, "apiVersion"), text_at(obj, "kind")
    meant = _registry(obj, api_version, name) or _vmi_object(obj, api_version, name)
    if meant is None:
        return None
    kind, api_versions = meant
    right = api_version if api_version in api_versions else api_versions[0]
    return LookAlike({**obj, "apiVersion": right, "kind": kind}, _error(api_version, name, kind, api_versions))


def _registry(obj: Mapping[str, Any], api_version: str, name: str) -> tuple[str, Sequence[str]] | None:
    kind = next((kind for kind in (KUBEVIRT, HYPERCONVERGED) if kind.casefold() == name.casefold()), None)
    if kind is None or not isinstance(obj.get("spec"), dict) or (api_version and "kubevirt" not in api_version):
        return None
    return kind, READ[kind]


def _vmi_object(obj: Mapping[str, Any], api_version: str, name: str) -> tuple[str, Sequence[str]] | None:
    fits = [kind for kind in KINDS if isinstance(look_up(obj, (*kind.spec, "domain")), dict)]
    if not fits or name in _OTHER_KINDS:
        return None
    kind = _nearest_kind(name, fits)
    if name.casefold() != kind.name.casefold() and not _is_nearly_kubevirt(split_api_version(api_version)[0]):
        return None
    return kind.name, [f"{kind.group}/{version}" for version in kind.versions]


def _nearest_kind(name: str, fits: Sequence[Kind]) -> Kind:
    guess = nearest(name, [kind.name for kind in fits])
    last = name.removeprefix("VirtualMachine")
    by_end = (kind for kind in fits if last and kind.name.endswith(last))
    return next((kind for kind in fits if kind.name == guess), next(by_end, fits[0]))


def _is_nearly_kubevirt(group: str) -> bool:
    return group == "kubevirt" or group in _GROUPS or nearest(group, _GROUPS) is not None


def _error(api_version: str, name: str, kind: str, api_versions: Sequence[str]) -> ShapeError:
    right: dict[str, str] = {}
    if api_version not in api_versions:
        right["apiVersion"] = " or ".join(api_versions)
    if name != kind:
        right["kind"] = kind
    written = f"kind {quoted(name)}" if name else "an object without a kind"
    of = f" of apiVersion {quoted(api_version)}" if api_version else " without an apiVersion"
    path: Path = (next(iter(right)),)
    return ShapeError(path, " and ".join(f"{key}: {value}" for key, value in right.items()), written + of, about=Subject.KIND)
