"""KubeVirt's feature gates as far as network bindings depend on them: what a gate is worth at a version, given what the CR lists."""

import enum
from collections.abc import Collection, Mapping
from typing import NamedTuple

from webhook.kube.version import Version

BETA_MEANS_ON = Version(1, 9)
"""Up to 1.8 a Beta gate is off unless listed; from 1.9 it is on unless disabled (pkg/virt-config/featuregate/feature-gates.go@v1.9.0)."""


class GateState(enum.Enum):
    """Whether a gate is on; `UNKNOWN_*` when no KubeVirt CR was read: the default of the version, told as a guess."""

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


class Gate(NamedTuple):
    """The releases in which a gate became Beta and GA; `None` where it has not."""

    beta: Version | None = None
    ga: Version | None = None


GATES: Mapping[str, Gate] = {
    "NetworkBindingPlugins": Gate(beta=Version(1, 4), ga=Version(1, 5)),
    "PasstBinding": Gate(beta=Version(1, 8)),
    "NetworkDevicesWithDRA": Gate(),
    "PortRangesSpec": Gate(),
    "Passt": Gate(),
    "Macvtap": Gate(),
}


def gate_state(name: str, version: Version | None, enabled: Collection[str], disabled: Collection[str], *, known: bool) -> GateState:
    """What gate `name` is worth at `version` (`None`: the newest release).

    `enabled` and `disabled` are the CR's `featureGates` and `disabledFeatureGates`; an explicit enable beats an explicit disable, and a
    GA gate cannot be disabled. `known` is false when no CR was read.
    """
    gate = GATES[name]
    if gate.ga is not None and (version is None or version >= gate.ga):
        return GateState.ON
    if name in enabled:
        return GateState.ON
    beta_is_on = version is None or version >= BETA_MEANS_ON
    if name in disabled and beta_is_on:
        return GateState.OFF
    default = gate.beta is not None and beta_is_on
    if known:
        return GateState.ON if default else GateState.OFF
    return GateState.UNKNOWN_ON if default else GateState.UNKNOWN_OFF
