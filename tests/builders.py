"""Builders: the smallest objects that make a test a sentence. Plain JSON data in, the engine's values out."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook.kube.version import parse_version
from webhook.plugins.plugin import Plugin
from webhook.plugins.registry import Registry, unknown_registry
from webhook.rules.base import Registration
from webhook.vmi.spec import VMISpec
from webhook.vmi.vmi import VMI

POD_NETWORK: Mapping[str, Any] = {"name": "default", "pod": {}}


def interface(name: str = "default", **fields: Any) -> dict[str, Any]:
    """An interface; `interface(masquerade={})`."""
    return {"name": name, **fields}


def multus(name: str, network_name: str | None = None, **fields: Any) -> dict[str, Any]:
    """A Multus network; `multus("blue")` has networkName `blue`."""
    return {"name": name, "multus": {"networkName": network_name or name, **fields}}


def spec(
    *interfaces: Mapping[str, Any],
    networks: list[Mapping[str, Any]] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A VMI spec as plain data; without `networks` each interface gets its own: the first the pod network, the others Multus."""
    if networks is None:
        networks = [{"name": each.get("name"), "pod": {}} if i == 0 else multus(str(each.get("name"))) for i, each in enumerate(interfaces)]
    return {"domain": {"devices": {"interfaces": list(interfaces)}}, "networks": networks, **fields}


def vmi(
    *interfaces: Mapping[str, Any],
    networks: list[Mapping[str, Any]] | None = None,
    annotations: Mapping[str, str] | None = None,
    has_preference: bool = False,
    **fields: Any,
) -> VMI:
    """A VMI as rules see it."""
    decoded = msgspec.convert(spec(*interfaces, networks=networks, **fields), VMISpec)
    return VMI(decoded, annotations=annotations or {}, has_preference=has_preference)


def registry(
    plugins: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    version: str | None = None,
    gates: tuple[str, ...] = (),
    disabled_gates: tuple[str, ...] = (),
    **facts: Any,
) -> Registry:
    """A known registry: `registry({"passt": {}}, version="1.8")`."""
    return Registry(
        plugins={name: msgspec.convert(dict(raw), Plugin) for name, raw in (plugins or {}).items()},
        version=parse_version(version) if version else None,
        enabled_gates=frozenset(gates),
        disabled_gates=frozenset(disabled_gates),
        **facts,
    )


def no_registry(version: str | None = None) -> Registry:
    """Nobody said what is registered."""
    return unknown_registry(parse_version(version) if version else None)


def registration(name: str = "passt", **fields: Any) -> Registration:
    """A plugin as written in a CR: `registration(domainAttachmentType="Tap")`."""
    return Registration(name, fields, msgspec.convert(fields, Plugin))
