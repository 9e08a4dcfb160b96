"""The ratchet: on an update only what changed can deny.

Otherwise an interface whose plugin was unregistered later would block every update of its VM. Even the removal of a finalizer would be
denied, and the VM could not be deleted. A denial becomes a warning when

- the old object has the same finding: the same rule, about the interface or network of the same name, at the same field, with the same
  message. Indices do not count, so that the order of lists changes nothing;
- or it is about the binding of an interface whose binding is what it was, by the interface's name;
- or it is about an interface or network that is what it was, and the old object had one more finding of the rule: which of two equals
  is blamed depends on their order.

An interface with a new name is a new interface. An object that is far larger than any VM is compared in the order of its lists: any other
comparison could take seconds.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from webhook.kube.fieldpath import Path
from webhook.plugins.suggestions import GUESS
from webhook.rules.base import Action, Finding
from webhook.rules.plan import INTERFACES
from webhook.vmi.bindings import BINDINGS, DISCONTINUED
from webhook.vmi.objects import VMIObject
from webhook.vmi.spec import Interface, Network

T = TypeVar("T")

_BINDINGS = (*BINDINGS, *DISCONTINUED)
_BINDING_FIELDS = frozenset(binding.field for binding in _BINDINGS)
_LARGEST = 400_000
"""Characters in the `repr` of two VMI specs of some 600 NICs each; comparing them in any order takes some 50 ms."""
_INDEX = re.compile(r"\[\d+\]")


class EvaluatedObject(NamedTuple):
    """One side of an update: an object, and the findings about it."""

    obj: VMIObject
    findings: Sequence[Finding]


class _Key(NamedTuple):
    """Two findings with the same key are the same finding in two objects."""

    rule: str
    items: str
    name: str
    keys: tuple[str, ...]
    message: str


class _Denial(NamedTuple):
    """A finding that denies, with the interface or network that it is about, if any, and the path below that."""

    finding: Finding
    items: str
    item: Interface | Network | None
    below: Path

    def key(self) -> _Key:
        name = self.item.name or "" if self.item is not None else ""
        return _Key(self.finding.rule, self.items, name, _keys(self.below), _comparable(self.finding.message))

    def is_about_binding(self) -> bool:
        return isinstance(self.item, Interface) and (not self.below or self.below[0] in _BINDING_FIELDS)


def _keys(path: Path) -> tuple[str, ...]:
    return tuple(step for step in path if isinstance(step, str))


def _comparable(message: str) -> str:
    """A message without indices, which move, and without a suggestion, which depends on the other findings."""
    return _INDEX.sub("[]", message.partition(GUESS)[0])


def denies(findings: Iterable[Finding]) -> bool:
    """Whether one of the findings denies."""
    return any(finding.severity is Action.DENY for finding in findings)


def softened(findings: Iterable[Finding]) -> list[Finding]:
    """The same findings, none of which denies."""
    return [_softened(finding) for finding in findings]


def ratchet(after: EvaluatedObject, before: EvaluatedObject) -> list[Finding]:
    """The findings about an updated object; those that the update did not cause are warnings."""
    are_small = sum(len(repr(evaluated.obj.spec)) for evaluated in (after, before)) <= _LARGEST
    if are_small and after.obj.spec is not None and _content(after.obj) == _content(before.obj):
        return softened(after.findings)
    caused = {id(denial.finding) for denial in _caused(after, before, are_small=are_small)}
    return [finding if id(finding) in caused else _softened(finding) for finding in after.findings]


def _caused(after: EvaluatedObject, before: EvaluatedObject, *, are_small: bool) -> list[_Denial]:
    """The denials that the update caused: each old denial accounts for one new denial, the rest is caused."""
    old = _denials(before)
    known = Counter(denial.key() for denial in old)
    alike = Counter(denial.finding.rule for denial in old)
    new = [denial for denial in _denials(after) if not (_take(known, denial.key()) and _take(alike, denial.finding.rule))]
    bindings = {_binding(interface) for interface in before.obj.interfaces} if new else set()
    changed = [denial for denial in new if not (denial.is_about_binding() and _binding(denial.item) in bindings)]
    unchanged = _unchanged(changed, before.obj) if are_small else set()
    return [denial for denial in changed if not (id(denial.item) in unchanged and _take(alike, denial.finding.rule))]


def _unchanged(denials: Sequence[_Denial], before: VMIObject) -> set[int]:
    """The ids of denied interfaces and networks that did not change. Each is compared once, however many denials it has."""
    about = {id(denial.item): denial for denial in denials if denial.item is not None}
    items = _items(before, {denial.item.name for denial in about.values() if denial.item is not None})
    return {item for item, denial in about.items() if _item(denial.items, denial.item) in items}


def _take(stock: Counter[T], what: T) -> bool:
    if stock[what] <= 0:
        return False
    stock[what] -= 1
    return True


def _denials(evaluated: EvaluatedObject) -> list[_Denial]:
    return [_denial(finding, evaluated) for finding in evaluated.findings if finding.severity is Action.DENY]


def _denial(finding: Finding, evaluated: EvaluatedObject) -> _Denial:
    path, prefix = finding.path, evaluated.obj.kind.spec
    if path[: len(prefix)] == prefix:
        inside = path[len(prefix) :]
        if inside[:3] == INTERFACES:
            return _in_list(finding, "interfaces", evaluated.obj.interfaces, inside[3:])
        if inside[:1] == ("networks",):
            return _in_list(finding, "networks", evaluated.obj.networks, inside[1:])
    return _Denial(finding, "", None, path)


def _in_list(finding: Finding, items: str, values: Sequence[Interface | Network], below: Path) -> _Denial:
    index = below[0] if below else None
    if isinstance(index, int) and index < len(values):
        return _Denial(finding, items, values[index], below[1:])
    return _Denial(finding, items, None, below)


def _binding(item: object) -> object:
    """The name of an interface and the fields that choose its binding."""
    return getattr(item, "name", None), *(getattr(item, binding.attribute, None) for binding in _BINDINGS)


def _items(obj: VMIObject, names: set[str | None]) -> frozenset[object]:
    """The interfaces and networks with these names, in a form that does not depend on the order of lists."""
    interfaces = (_item("interfaces", interface) for interface in obj.interfaces if interface.name in names)
    return frozenset((*interfaces, *(_item("networks", network) for network in obj.networks if network.name in names)))


def _item(items: str, item: Interface | Network | None) -> object:
    return items, repr(_ordered(msgspec.to_builtins(item)))


def _content(obj: VMIObject) -> object:
    """All that rules check, in a form that does not depend on the order of lists."""
    type_mismatches = Counter(mismatch._replace(path=_keys(mismatch.path)) for mismatch in obj.type_mismatches)
    return _ordered(msgspec.to_builtins(obj.spec)), dict(obj.annotations), obj.has_preference, type_mismatches


def _ordered(value: object) -> object:
    if isinstance(value, dict):
        return {key: _ordered(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return sorted((_ordered(item) for item in value), key=repr)
    return value


def _softened(finding: Finding) -> Finding:
    if finding.severity is Action.WARN:
        return finding
    return msgspec.structs.replace(finding, severity=Action.WARN)
