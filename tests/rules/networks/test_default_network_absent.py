import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, multus, vmi
from webhook.rules.networks.default_network_absent import RULE

ABSENT = interface("blue", bridge={}, state="absent")


@pytest.mark.parametrize("source", [{"pod": {}}, {"multus": {"networkName": "blue", "default": True}}, {"resourceClaim": {}}, {}])
def test_the_first_network_that_is_not_secondary_stays(source: dict[str, object]) -> None:
    lone = vmi(ABSENT, networks=[multus("red"), {"name": "blue", **source}])
    assert_found(
        RULE, lone, field="domain.devices.interfaces[0].state", message='secondary networks only, and "blue" is the default network'
    )


def test_a_secondary_network_may_go() -> None:
    assert_accepted(RULE, vmi(interface(), ABSENT, networks=[POD_NETWORK, multus("blue")]))


def test_a_later_pod_network_may_go() -> None:
    assert_accepted(RULE, vmi(ABSENT, networks=[POD_NETWORK, {"name": "blue", "pod": {}}]))


def test_without_a_default_network_all_may_go() -> None:
    assert_accepted(RULE, vmi(ABSENT, networks=[multus("blue")]))
    assert_accepted(RULE, vmi(ABSENT, networks=[]))


@pytest.mark.parametrize("state", ["up", "down", "", "Absent"])
def test_other_states_are_accepted(state: str) -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, state=state)))


def test_no_name_is_the_empty_name() -> None:
    nameless = vmi({"bridge": {}, "state": "absent"}, networks=[{"name": "", "pod": {}}])
    assert_found(RULE, nameless, field="domain.devices.interfaces[0].state")
