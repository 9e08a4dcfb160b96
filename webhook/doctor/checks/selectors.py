"""Whom a label selector leaves out, in words."""

from collections.abc import Collection, Iterator

import msgspec

from webhook.doctor.objects.meta import Requirement, Selector

_NAME = "kubernetes.io/metadata.name"
"""The label that every namespace has, with its name (https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name)."""


def left_out(selector: Selector, kind: str, *, spared: Collection[str] = ()) -> str:
    """Such as `namespaces without the label a=b`; empty when nobody is but namespaces of `spared` names."""
    by_labels = (Requirement(key=key, operator="In", values=[value]) for key, value in (selector.match_labels or {}).items())
    requirements = (*by_labels, *(selector.match_expressions or ()))
    return "; nor about ".join(said for each in requirements for said in _left_out_by(_without(each, spared), kind))


def _without(requirement: Requirement, spared: Collection[str]) -> Requirement:
    if requirement.key != _NAME or requirement.operator != "NotIn":
        return requirement
    return msgspec.structs.replace(requirement, values=[each for each in requirement.values or () if each not in spared])


def _left_out_by(requirement: Requirement, kind: str) -> Iterator[str]:
    key, values = requirement.key, requirement.values or []
    listed = ", ".join(values)
    match requirement.operator:
        case "In" if key == _NAME:
            yield f"{kind} other than {listed}"
        case "In" if len(values) == 1:
            yield f"{kind} without the label {key}={listed}"
        case "In":
            yield f"{kind} whose label {key} is none of {listed}"
        case "NotIn" if values:
            yield f"{kind} {listed}" if key == _NAME else f"{kind} whose label {key} is one of {listed}"
        case "NotIn":
            return
        case "Exists":
            yield f"{kind} without the label {key}"
        case _:
            yield f"{kind} with the label {key}"
