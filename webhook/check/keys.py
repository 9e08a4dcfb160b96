"""Find keys that are not in the CRD, in the parts of an object that Bindguard reads, and suggest the right ones."""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from types import GenericAlias
from typing import Any, NamedTuple

import msgspec

from webhook.check.known_keys import KNOWN_KEYS
from webhook.kube.fieldpath import Path, look_up, render, text_at
from webhook.kube.text import quoted
from webhook.kube.version import NEWEST, Version
from webhook.plugins.registry import Registry
from webhook.plugins.sources import is_hyperconverged, is_kubevirt
from webhook.plugins.suggestions import nearest
from webhook.rules.base import Action, Finding, ShapeError, Subject
from webhook.vmi.bindings import BINDINGS
from webhook.vmi.kinds import kind_of, split_api_version

_VMI = "VMI"
_INTERFACES = f"{_VMI}.domain.devices.interfaces"
_ITEMS: Mapping[str, str] = {
    "interfaces": "an interface",
    "networks": "a network",
    "ports": "a port",
    "portRanges": "a port range",
    "privateOptions": "a private option",
}
"""What messages call an item of each list."""
_IN_SEVERAL = frozenset({"spec", "template"})
_MOST_GUESSES = 20
"""Limit of suggestions per object; an object with more unknown keys is not mistyped but of another schema."""
_SHORTEST_PART = 3
_NO_BINDING = "no-binding"
_LISTS = re.compile(r"\b(?:interfaces|networks)\b")
_ABOUT_LISTS = frozenset({"interface-without-network", "network-without-interface"})
_ABOUT_SOURCE = frozenset({"masquerade-without-pod-network", "passt-without-pod-network"})
_ABOUT_MISSING = frozenset({_NO_BINDING, "network-without-source"})
"""Rules that report a missing field at the object that lacks it."""


class _Node(NamedTuple):
    """An object in the schema.

    Attributes:
        place: Its name in `KNOWN_KEYS`.
        path: From the object's root, without indices.
        known: The keys that it has in the release.
        children: The objects below it, with their keys.
        strict: A type that decodes only objects with known keys; four times as fast as comparing every key.
    """

    place: str
    path: tuple[str, ...]
    known: frozenset[str]
    children: tuple[tuple[str, "_Node"], ...]
    strict: type[msgspec.Struct]


@functools.cache
def _tree(place: str, minor: int | None, spec: Path | None, path: tuple[str, ...] = ()) -> _Node:
    """The schema of one kind in one release; `spec` is the path of the VMI spec."""
    place = _VMI if path == spec else place
    keys = KNOWN_KEYS.get(place, {})
    known = frozenset(key for key, (first, last) in keys.items() if minor is None or first <= minor <= last)
    below = [(key, _VMI if (*path, key) == spec else f"{place}.{key}") for key in keys]
    children = tuple((key, _tree(inner, minor, spec, (*path, key))) for key, inner in below if inner in KNOWN_KEYS)
    types = {key: (GenericAlias(list, (child.strict,)) if key in _ITEMS else child.strict) | None for key, child in children}
    strict = msgspec.defstruct("Strict", [(key, types.get(key, Any), None) for key in known], forbid_unknown_fields=True, gc=False)
    return _Node(place, path, known, children, strict)


def _tree_of(obj: object, minor: int | None) -> _Node | None:
    kind = kind_of(obj)
    if kind is not None and kind.name in KNOWN_KEYS:
        return _tree(kind.name, minor, kind.spec)
    if is_kubevirt(obj):
        return _tree("KubeVirt", minor, None)
    if is_hyperconverged(obj):
        return _tree(f"HyperConverged {split_api_version(str(look_up(obj, ('apiVersion',))))[1]}", minor, None)
    return None


def unknown_keys(obj: object, registry: Registry) -> list[ShapeError]:
    """Keys of an object that the CRD of the release does not have.

    If the release is newer than the table, an unknown key is only a warning.
    """
    version = registry.version
    root = _tree_of(obj, min(version.minor, NEWEST.minor) if version is not None else None)
    if root is None:
        return []
    try:
        msgspec.convert(obj, root.strict)
    except (msgspec.ValidationError, UnicodeEncodeError):  # a wrong type or half a surrogate pair, where the keys may be right
        return list(_Keys(root, registry).unknown(obj))
    return []


class _Keys:
    """The unknown keys of one object."""

    def __init__(self, root: _Node, registry: Registry) -> None:
        self._root = root
        self._registry = registry
        self._guesses = _MOST_GUESSES

    def unknown(self, obj: object) -> Iterator[ShapeError]:
        waiting: list[tuple[object, _Node, Path]] = [(obj, self._root, ())]
        while waiting:
            value, node, path = waiting.pop()
            if isinstance(value, dict):
                if not value.keys() <= node.known:
                    yield from (self._error(key, value[key], node, path) for key in value if key not in node.known and _is_final(key))
                waiting += [(value[key], child, (*path, key)) for key, child in node.children if key in node.known and value.get(key)]
            elif isinstance(value, list):
                waiting += [(item, node, (*path, index)) for index, item in enumerate(value) if isinstance(item, dict)]

    def _error(self, key: str, value: object, node: _Node, path: Path) -> ShapeError:
        message = f"{quoted(key)} is no field of {_name(node.path)}"
        version = self._registry.version
        if version is not None and (releases := KNOWN_KEYS[node.place].get(key)) is not None:
            first, last = (Version(1, minor) for minor in releases)
            message += f" in KubeVirt {version}: it {f'came with {first}' if version < first else f'was removed after {last}'}"
            return ShapeError((*path, key), "remove it, or check against another release", message, about=Subject.KEY)
        suggested = self._suggestion(key, value, node) if self._guesses else None
        self._guesses = max(self._guesses - 1, 0)
        guess, remedy = suggested or ("", "remove it: the API server refuses the object or drops the key")
        at_most = Action.DENY if version is None or version[:2] <= NEWEST[:2] else Action.WARN
        return ShapeError((*path, key), remedy, message + guess, about=Subject.KEY, at_most=at_most)

    def _suggestion(self, key: str, value: object, node: _Node) -> tuple[str, str] | None:
        """The end of the message, and the help; `None` without a guess."""
        if node.place == _INTERFACES and key in self._registry.plugins:
            return "; it is a binding plugin", f"write binding: {{name: {key}}}"
        homes = [each for each in _nodes(self._root) if key in each.known]
        if len(homes) == 1:
            home = render(homes[0].path) or "the root of the object"
            return f"; it belongs under {home}", f"move it to {home}"
        near = nearest(key, node.known) or _by_part(key, node.known)
        if near is not None:
            return f"; did you mean {quoted(near)}?", f"write {near} instead"
        too_deep = next((each for each in value if each in node.known), None) if isinstance(value, dict) else None
        if too_deep is not None:
            return f", but {quoted(too_deep)} inside it is one", f"move {too_deep} up, in place of {key}"
        return ("", f"write {next(iter(node.known))}") if len(node.known) == 1 else None


def without_consequences(findings: Iterable[Finding], unknown: Iterable[ShapeError], obj: object) -> list[Finding]:
    """The findings without those that only follow from an unknown key, such as a field that is missing because its key is mistyped."""
    parents = {error.path[:-1] for error in unknown}
    misplaced = any(_LISTS.search(f"{error.path[-1]} {error.expected}") for error in unknown)
    sourceless = {text_at(look_up(obj, parent), "name") for parent in parents if "networks" in parent}
    return [
        finding
        for finding in findings
        if not (misplaced and finding.rule in _ABOUT_LISTS)
        and not (finding.rule in _ABOUT_SOURCE and text_at(look_up(obj, finding.path[:-1]), "name") in sourceless)
        and not (finding.path in parents and finding.rule in _ABOUT_MISSING)
        and not (finding.path[:-1] in parents and look_up(obj, finding.path) is None)
    ]


def with_empty_bindings(findings: Iterable[Finding], obj: object) -> list[Finding]:
    """The findings; where an interface has no binding because the value is missing (`bridge:`, not `bridge: {}`), at that key."""
    return [_at_empty_binding(finding, obj) if finding.rule == _NO_BINDING else finding for finding in findings]


def _at_empty_binding(finding: Finding, obj: object) -> Finding:
    interface = look_up(obj, finding.path)
    fields = (binding.field for binding in BINDINGS)
    empty = next((field for field in fields if field in interface), None) if isinstance(interface, dict) else None
    if empty is None or look_up(interface, (empty,)) is not None:
        return finding
    accepted = f"write {empty}: {'{name: ...}' if empty == 'binding' else '{}'}"
    message = f"{finding.message}: {empty} is empty"
    return msgspec.structs.replace(finding, path=(*finding.path, empty), message=message, accepted=accepted)


def _name(path: tuple[str, ...]) -> str:
    if not path:
        return "the object"
    return render(path) if path[-1] in _IN_SEVERAL else _ITEMS.get(path[-1], path[-1])


def _is_final(key: str) -> bool:
    return "${" not in key and "{{" not in key


def _nodes(node: _Node) -> Iterator[_Node]:
    yield node
    for _, child in node.children:
        yield from _nodes(child)


def _by_part(key: str, known: frozenset[str]) -> str | None:
    """The known key that is a part of `key` or has it as a part, if there is only one: `pod` for `podNetwork`, `networkName` for `name`."""
    if len(key) < _SHORTEST_PART:
        return None
    ending = key[0].upper() + key[1:]
    found = [
        each for each in known if each.startswith(key) or each.endswith(ending) or (len(each) >= _SHORTEST_PART and key.startswith(each))
    ]
    return found[0] if len(found) == 1 else None
