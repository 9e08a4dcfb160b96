"""Rules, violations and findings."""

import enum
import sys
from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec

from webhook.kube.fieldpath import Path
from webhook.kube.version import Version
from webhook.plugins.plugin import Plugin
from webhook.plugins.registry import Registry
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


class Action(enum.StrEnum):
    """What happens with a violation of a rule."""

    DENY = "deny"
    WARN = "warn"
    OFF = "off"


class Violation(msgspec.Struct, frozen=True, gc=False):
    """A violation of a rule at one place.

    Attributes:
        path: Where, relative to the subject of the rule: the interface, the VMI spec, or the plugin.
        message: What is wrong, with the value found; one sentence, no full stop.
        accepted: What the owner of the VM can do, as an instruction; one sentence, no full stop; empty when there is nothing.
        at_most: `WARN` when this one is less sure or less grave than the rule's action says.
        for_admin: What only an administrator of the cluster can do, as an instruction; the owner of a VM is not shown it.
    """

    path: Path
    message: str
    accepted: str
    at_most: Action = Action.DENY
    for_admin: str = ""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A violation with the name of its rule and its path from the root of the object.

    Attributes:
        rule: Name of the rule.
        severity: `DENY` or `WARN`.
        path: Where in the object, from its root.
        message: What is wrong.
        accepted: What the owner of the object can do.
        for_admin: What only an administrator of the cluster can do.
    """

    rule: str
    severity: Action
    path: Path
    message: str
    accepted: str
    for_admin: str = ""

    @property
    def help(self) -> str:
        """All that can be done, for reports that administrators read."""
        admins = f"admins: {self.for_admin}" if self.for_admin else ""
        return "; ".join(part for part in (self.accepted, admins) if part)


Mistakes: TypeAlias = Iterable[Violation]
"""What a check returns: `()` if nothing is wrong, which is fast. A check that walks a list of the object returns an iterator, since no more
violations are read than are reported."""


class Subject(enum.Enum):
    """What a shape error is about: a value, a version that no release serves, a kind that no release has, or a key that is unknown."""

    VALUE = "value"
    VERSION = "version"
    KIND = "kind"
    KEY = "key"


class ShapeError(msgspec.Struct, frozen=True):
    """A value of the wrong type, a missing parent, or a version, kind or key that does not exist.

    Attributes:
        path: Where, from the object's root.
        expected: What belongs there, in JSON's words: `a string`, `an object`; or the version, kind or key that was meant.
        found: What is there, as JSON; `None` when nothing is.
        about: What `expected` and `found` are; of an unknown key the help and the message.
        at_most: `WARN` where the API server may know better.
    """

    path: Path
    expected: str
    found: str | None
    about: Subject = Subject.VALUE
    at_most: Action = Action.DENY


class Registration(msgspec.Struct, frozen=True):
    """One plugin as it is written in a KubeVirt or HyperConverged CR.

    Attributes:
        name: The registration name.
        raw: The plugin as plain data, of whatever type it is.
        plugin: The same decoded, as far as it can be.
    """

    name: str
    raw: object
    plugin: Plugin


InterfaceCheck: TypeAlias = Callable[[Interface, VMI, Registry], Mistakes]
SpecCheck: TypeAlias = Callable[[VMI, Registry], Mistakes]
RegistrationCheck: TypeAlias = Callable[[Registration, Registry], Mistakes]
ShapeCheck: TypeAlias = Callable[[ShapeError], Mistakes]


class Group(enum.StrEnum):
    """The group of a rule, and its folder under `rules/`."""

    SHAPE = "shape"
    PLUGINS = "plugins"
    BINDINGS = "bindings"
    NETWORKS = "networks"
    CONSEQUENCES = "consequences"
    REGISTRATIONS = "registrations"


class CauseType(enum.StrEnum):
    """Kubernetes' type of a cause, for programs that read `status.details.causes` of a denial (k8s.io/apimachinery meta/v1 types.go)."""

    INVALID = "FieldValueInvalid"
    REQUIRED = "FieldValueRequired"
    DUPLICATE = "FieldValueDuplicate"
    NOT_SUPPORTED = "FieldValueNotSupported"
    NOT_FOUND = "FieldValueNotFound"


class _Rule(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes of all rules.

    Attributes:
        name: The mistake, in kebab case. The file has the same name.
        group: The group of the rule.
        action: The default action.
        since: First KubeVirt release to which the rule applies.
        until: First later KubeVirt release to which it does not apply.
        upstream_since: First KubeVirt release whose webhook refuses the same; in a cluster the rule does not run from there on.
        needs_registry: Whether the rule needs a registry to run.
        depends_on_cr: Whether a change of the KubeVirt CR can end a denial, though the rule runs without a registry.
        cause: Type of the causes; that of KubeVirt's own webhook if it has the rule, unless another type is plainly right.
    """

    name: str
    group: Group
    action: Action = Action.DENY
    since: Version | None = None
    until: Version | None = None
    upstream_since: Version | None = None
    needs_registry: bool = False
    depends_on_cr: bool = False
    cause: CauseType = CauseType.INVALID


class InterfaceRule(_Rule, frozen=True, kw_only=True):
    """A rule about one interface; paths are relative to it.

    Attributes:
        field: Attribute of `Interface` that the rule needs: it does not run without it.
    """

    check: InterfaceCheck
    field: str | None = None


class SpecRule(_Rule, frozen=True, kw_only=True):
    """A rule about the VMI spec as a whole; paths are relative to the spec.

    Attributes:
        trait: Attribute of `VMI` that the rule needs: it runs only if the attribute is true.
    """

    check: SpecCheck
    trait: str | None = None


class RegistrationRule(_Rule, frozen=True, kw_only=True):
    """A rule about one registration; paths are relative to the plugin object."""

    check: RegistrationCheck


class ShapeRule(_Rule, frozen=True, kw_only=True):
    """A rule about what could not be decoded; paths are from the object's root."""

    check: ShapeCheck


Rule: TypeAlias = InterfaceRule | SpecRule | RegistrationRule | ShapeRule


def docstring(rule: Rule) -> str:
    """The docstring of the rule's module, which `explain` and docs/rules.md show."""
    return sys.modules[rule.check.__module__].__doc__ or ""
