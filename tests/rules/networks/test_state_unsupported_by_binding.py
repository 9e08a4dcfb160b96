import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, registry, vmi
from webhook.rules.networks.state_unsupported_by_binding import RULE

STATE = "domain.devices.interfaces[0].state"


@pytest.mark.parametrize("state", ["absent", "up", "down"])
def test_bridge_takes_every_state(state: str) -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, state=state)))


@pytest.mark.parametrize("binding", ["masquerade", "passtBinding", "binding", "slirp"])
def test_absent_needs_bridge(binding: str) -> None:
    absent = vmi({**interface(state="absent"), binding: {}})
    assert_found(RULE, absent, field=STATE, message=f'bridge only, and interface "default" has {binding}')


def test_absent_is_found_where_nothing_is_bound() -> None:
    assert_found(RULE, vmi(interface(state="absent")), field=STATE, message="has no binding")


def test_absent_is_accepted_with_bridge_and_another_binding() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, sriov={}, state="absent")))


@pytest.mark.parametrize("state", ["up", "down"])
def test_sriov_has_no_link_state(state: str) -> None:
    assert_found(RULE, vmi(interface(sriov={}, bridge={}, state=state)), field=STATE, message=f'state "{state}" does not work with sriov')
    assert_accepted(RULE, vmi(interface(masquerade={}, state=state)))


def test_link_states_are_another_rule_s_business_before_1_5() -> None:
    linked = vmi(interface(sriov={}, state="up"))
    assert_accepted(RULE, linked, registry(version="1.4"))
    assert_found(RULE, linked, registry(version="1.5"), field=STATE)


def test_an_unknown_state_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(sriov={}, state="Up")))
    assert_accepted(RULE, vmi(interface(sriov={}, state="")))
