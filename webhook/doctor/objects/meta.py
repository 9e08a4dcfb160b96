"""The base of all objects, and label selectors."""

from collections.abc import Mapping

import msgspec


class Object(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Base of all objects. Lists may be `None`: Go writes an empty list as null, or leaves it out."""


class Requirement(Object, frozen=True):
    """One of a selector's `matchExpressions`."""

    key: str
    operator: str
    values: list[str] | None = None


class Selector(Object, frozen=True):
    """A label selector."""

    match_labels: Mapping[str, str] | None = None
    match_expressions: list[Requirement] | None = None

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        by_labels = all(labels.get(key) == value for key, value in (self.match_labels or {}).items())
        return by_labels and all(_meets(labels, each) for each in self.match_expressions or ())


def _meets(labels: Mapping[str, str], requirement: Requirement) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in (requirement.values or ())
        case "NotIn":
            return value not in (requirement.values or ())
        case "Exists":
            return value is not None
        case _:
            return value is None
