"""The state of KubeVirt's feature gates for network bindings, from the release and the lists in the CR."""

import enum
from collections.abc import Collection, Mapping
from typing import NamedTuple

from webhook.kube.version import NEWEST, NEXT, Version

BETA_MEANS_ON = Version(1, 9)
"""Up to 1.8 a Beta gate is off unless listed; from 1.9 it is on unless disabled (pkg/virt-config/featuregate/feature-gates.go@v1.9.0)."""


class GateState(enum.Enum):
    """Whether a gate is on; `UNKNOWN_*` is a default, if the CR is not known or the release is not out yet."""

    ON = "on"
    OFF = "off"
    UNKNOWN_ON = "on by default"
    UNKNOWN_OFF = "off by default"

    @property
    def is_on(self) -> bool:
        return self in (GateState.ON, GateState.UNKNOWN_ON)

    @property
    def is_known(self) -> bool:
        return self in (GateState.ON, GateState.OFF)


class Stage(enum.Enum):
    """How mature a gate is: an Alpha gate is off unless listed, a GA gate is always on."""

    ALPHA = "Alpha"
    BETA = "Beta"
    GA = "GA"
    DISCONTINUED = "discontinued"


class StageChange(NamedTuple):
    """The stage of a gate from a release on, and the source of this."""

    since: Version
    stage: Stage
    source: str


_ACTIVE = "pkg/virt-config/featuregate/active.go"
_INACTIVE = "pkg/virt-config/featuregate/inactive.go"
_DISCONTINUED = "pkg/virt-config/deprecation/feature-gates.go"
_BEFORE_1_5 = "pkg/virt-config/feature-gates.go"

GATES: Mapping[str, tuple[StageChange, ...]] = {
    "NetworkBindingPlugins": (
        StageChange(Version(1, 1), Stage.ALPHA, f"{_BEFORE_1_5}@v1.1.0"),
        StageChange(Version(1, 4), Stage.BETA, f"{_BEFORE_1_5}@v1.4.0"),
        StageChange(Version(1, 5), Stage.GA, f"{_INACTIVE}@v1.5.0"),
    ),
    "PasstBinding": (
        StageChange(Version(1, 8), Stage.BETA, f"{_ACTIVE}@v1.8.0"),
        StageChange(Version(1, 10), Stage.GA, "kubevirt/enhancements#253"),
    ),
    "NetworkDevicesWithDRA": (
        StageChange(Version(1, 9), Stage.ALPHA, f"{_ACTIVE}@v1.9.0"),
        StageChange(Version(1, 10), Stage.BETA, "kubevirt/enhancements VEP 183, kubevirt/kubevirt#18741"),
    ),
    "PortRangesSpec": (StageChange(Version(1, 9), Stage.ALPHA, f"{_ACTIVE}@v1.9.0, and still at d923fdb8"),),
    "ExternalNetResourceInjection": (
        StageChange(Version(1, 8), Stage.BETA, f"{_ACTIVE}@v1.8.0"),
        StageChange(Version(1, 10), Stage.GA, "kubevirt/kubevirt#18497"),
    ),
    "Passt": (
        StageChange(Version(1, 1), Stage.ALPHA, f"{_BEFORE_1_5}@v1.1.0"),
        StageChange(Version(1, 3), Stage.DISCONTINUED, f"{_DISCONTINUED}@v1.3.0"),
    ),
    "Macvtap": (
        StageChange(Version(1, 1), Stage.ALPHA, f"{_BEFORE_1_5}@v1.1.0"),
        StageChange(Version(1, 3), Stage.DISCONTINUED, f"{_DISCONTINUED}@v1.3.0"),
    ),
}
"""The stages of each gate, in order of releases. Those at `NEXT` are planned and not released yet."""


def stage_of(name: str, version: Version | None) -> Stage | None:
    """The stage of gate `name` at `version` (`None`: the newest release); `None` before the release that brought it."""
    at = version or NEWEST
    return next((change.stage for change in reversed(GATES[name]) if at >= change.since), None)


def how_to_enable(name: str) -> str:
    """How an administrator turns a gate on, as an instruction."""
    return f"add {name} to spec.configuration.developerConfiguration.featureGates in the KubeVirt CR"


def gate_state(name: str, version: Version | None, enabled: Collection[str], disabled: Collection[str], *, known: bool) -> GateState:
    """Whether gate `name` is on at `version` (`None`: the newest release).

    Args:
        name: A key of `GATES`.
        version: KubeVirt's release.
        enabled: The CR's `featureGates`. A gate in both lists is enabled.
        disabled: The CR's `disabledFeatureGates`. A GA gate cannot be disabled.
        known: Whether a CR was read.

    Returns:
        The state; `UNKNOWN_*` for a default if no CR was read or the release is not out yet. A release after `NEXT` may have made it GA.
    """
    at = version or NEWEST
    stage = stage_of(name, at)
    if stage is Stage.GA or name in enabled:
        return GateState.ON
    is_beta_on = at >= BETA_MEANS_ON
    if name in disabled and is_beta_on:
        return GateState.OFF if at[:2] <= NEXT[:2] else GateState.UNKNOWN_OFF
    default = stage is Stage.BETA and is_beta_on
    if known and at[:2] <= NEWEST[:2]:
        return GateState.ON if default else GateState.OFF
    return GateState.UNKNOWN_ON if default else GateState.UNKNOWN_OFF
