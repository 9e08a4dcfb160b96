import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, registry, vmi
from webhook.rules.networks.unknown_interface_state import RULE

STATE = "domain.devices.interfaces[0].state"


@pytest.mark.parametrize("state", ["absent", "up", "down", "", None])
def test_a_known_state_is_accepted(state: str | None) -> None:
    assert_accepted(RULE, vmi(interface(state=state)), registry(version="1.9"))


@pytest.mark.parametrize(("state", "meant"), [("Absent", "absent"), ("dwon", "down"), ("UP", "up")])
def test_a_slip_is_told(state: str, meant: str) -> None:
    assert_found(RULE, vmi(interface(state=state)), field=STATE, message=f'; did you mean "{meant}"?')


def test_what_is_known_is_listed() -> None:
    assert_found(RULE, vmi(interface(state="paused")), field=STATE, message='"paused" is unknown to KubeVirt', accepted='"absent" or "up"')


@pytest.mark.parametrize("state", ["up", "down"])
def test_link_states_are_found_before_1_5(state: str) -> None:
    linked = vmi(interface(state=state))
    assert_found(RULE, linked, registry(version="1.4"), field=STATE, message="came with 1.5", accepted='use "absent", or remove state')
    assert_accepted(RULE, linked, registry(version="1.5"))


def test_nothing_is_said_of_a_release_whose_api_has_no_state() -> None:
    assert_accepted(RULE, vmi(interface(state="paused")), registry(version="0.59"))
