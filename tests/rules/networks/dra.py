"""Builders for DRA networks."""

from collections.abc import Mapping
from typing import Any

from tests.builders import interface, registry, vmi
from webhook.vmi.vmi import VMI

GATE_ON = registry(version="1.9", gates=("NetworkDevicesWithDRA",))
GATE_OFF = registry(version="1.9")


def dra(name: str, claim: str | None = "nics", request: str | None = None) -> dict[str, Any]:
    """A DRA network; `dra("fast")` uses request `fast` of claim `nics`."""
    return {"name": name, "resourceClaim": {"claimName": claim, "requestName": name if request is None else request}}


def dra_vmi(*networks: Mapping[str, Any], claims: tuple[str, ...] = ("nics",)) -> VMI:
    """A VMI with an SR-IOV interface on each of `networks`."""
    interfaces = [interface(str(network["name"]), sriov={}) for network in networks]
    return vmi(*interfaces, networks=list(networks), resourceClaims=[{"name": name} for name in claims])
