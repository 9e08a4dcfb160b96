from collections.abc import Collection

import pytest

from webhook.kube.version import Version, parse_version
from webhook.plugins.gates import GATES, GateState, Stage, gate_state, stage_of


def state(
    name: str, version: str | None, enabled: Collection[str] = (), disabled: Collection[str] = (), *, known: bool = True
) -> GateState:
    return gate_state(name, parse_version(version) if version else None, enabled, disabled, known=known)


@pytest.mark.parametrize(
    ("name", "version", "default"),
    [
        ("NetworkBindingPlugins", "1.1", GateState.OFF),
        ("NetworkBindingPlugins", "1.4", GateState.OFF),
        ("NetworkBindingPlugins", "1.5", GateState.ON),
        ("NetworkBindingPlugins", None, GateState.ON),
        ("PasstBinding", "1.8", GateState.OFF),
        ("PasstBinding", "1.9", GateState.ON),
        ("PasstBinding", None, GateState.ON),
        ("NetworkDevicesWithDRA", "1.9", GateState.OFF),
        ("PortRangesSpec", None, GateState.OFF),
        ("PasstBinding", "1.10", GateState.ON),
        ("PasstBinding", "1.11", GateState.ON),
        ("ExternalNetResourceInjection", "1.8", GateState.OFF),
        ("ExternalNetResourceInjection", None, GateState.ON),
        ("NetworkDevicesWithDRA", "1.10", GateState.UNKNOWN_ON),
        ("PortRangesSpec", "1.10", GateState.UNKNOWN_OFF),
        ("PortRangesSpec", "1.11", GateState.UNKNOWN_OFF),
    ],
)
def test_a_gate_that_the_cr_does_not_mention_has_the_default_of_the_version(name: str, version: str | None, default: GateState) -> None:
    assert state(name, version) is default


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("version", ["1.1", "1.4", "1.8", "1.9", None])
def test_a_listed_gate_is_on_even_when_it_is_disabled_too(name: str, version: str | None) -> None:
    assert state(name, version, enabled=[name]) is GateState.ON
    assert state(name, version, enabled=[name], disabled=[name]) is GateState.ON


def test_a_beta_gate_can_be_disabled_where_beta_means_on() -> None:
    assert state("PasstBinding", "1.9", disabled=["PasstBinding"]) is GateState.OFF
    assert state("PasstBinding", None, disabled=["PasstBinding"]) is GateState.OFF


def test_a_generally_available_gate_cannot_be_disabled() -> None:
    assert state("NetworkBindingPlugins", "1.5", disabled=["NetworkBindingPlugins"]) is GateState.ON


@pytest.mark.parametrize(
    ("version", "state_when_disabled"),
    [("1.9", GateState.OFF), (None, GateState.OFF), ("1.10", GateState.ON), ("1.11", GateState.ON)],
)
def test_a_gate_that_becomes_ga_cannot_be_disabled_from_then_on(version: str | None, state_when_disabled: GateState) -> None:
    assert state("PasstBinding", version, disabled=["PasstBinding"]) is state_when_disabled


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("version", ["1.11", "1.11.2", "1.42"])
@pytest.mark.parametrize("disabled", [True, False])
def test_no_gate_is_certainly_off_in_a_release_after_those_known(name: str, version: str, disabled: bool) -> None:  # noqa: FBT001 - a table's column
    assert state(name, version, disabled=[name] * disabled) is not GateState.OFF


@pytest.mark.parametrize("name", GATES)
def test_the_table_of_a_gate_is_in_the_order_of_releases_and_names_its_sources(name: str) -> None:
    changes = GATES[name]
    assert [change.since for change in changes] == sorted({change.since for change in changes})
    assert all(change.source.startswith(("pkg/virt-config/", "kubevirt/")) for change in changes)


def test_a_gate_has_no_stage_before_the_release_that_brought_it() -> None:
    assert stage_of("PasstBinding", Version(1, 7, 4)) is None
    assert stage_of("PasstBinding", Version(1, 8)) is Stage.BETA
    assert stage_of("Passt", None) is Stage.DISCONTINUED


def test_another_gate_s_entry_changes_nothing() -> None:
    assert state("PasstBinding", "1.8", enabled=["PortRangesSpec"]) is GateState.OFF
    assert state("PasstBinding", "1.9", disabled=["PortRangesSpec"]) is GateState.ON


@pytest.mark.parametrize(
    ("name", "version", "guess"),
    [
        ("PasstBinding", "1.8", GateState.UNKNOWN_OFF),
        ("PasstBinding", "1.9", GateState.UNKNOWN_ON),
        ("PortRangesSpec", "1.9", GateState.UNKNOWN_OFF),
        ("NetworkBindingPlugins", "1.4", GateState.UNKNOWN_OFF),
    ],
)
def test_without_a_cr_the_default_is_reported_as_a_guess(name: str, version: str, guess: GateState) -> None:
    assert state(name, version, known=False) is guess


def test_a_generally_available_gate_needs_no_cr() -> None:
    assert state("NetworkBindingPlugins", "1.5", known=False) is GateState.ON


@pytest.mark.parametrize(
    ("gate", "is_on", "is_known"),
    [
        (GateState.ON, True, True),
        (GateState.OFF, False, True),
        (GateState.UNKNOWN_ON, True, False),
        (GateState.UNKNOWN_OFF, False, False),
    ],
)
def test_a_state_tells_whether_it_is_on_and_whether_that_is_known(gate: GateState, is_on: bool, is_known: bool) -> None:  # noqa: FBT001 - a table's columns
    assert (gate.is_on, gate.is_known) == (is_on, is_known)


def test_a_patch_release_has_the_gates_of_its_minor_release() -> None:
    assert gate_state("PasstBinding", Version(1, 8, 5), (), (), known=True) is GateState.OFF
    assert gate_state("NetworkBindingPlugins", Version(1, 5, 3), (), (), known=True) is GateState.ON
