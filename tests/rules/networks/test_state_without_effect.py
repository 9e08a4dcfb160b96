import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, registry, vmi
from webhook.rules.base import Action
from webhook.rules.networks.state_without_effect import RULE

DOWN = vmi(interface(passtBinding={}, state="down"))


def test_passt_with_its_link_down_is_found() -> None:
    message = 'interface "default" has state down, which KubeVirt does not apply to passtBinding'
    assert_found(RULE, DOWN, field="domain.devices.interfaces[0].state", message=message, severity=Action.WARN)


@pytest.mark.parametrize("state", ["up", "", None, "absent"])
def test_other_states_are_accepted(state: str | None) -> None:
    assert_accepted(RULE, vmi(interface(passtBinding={}, state=state)))


@pytest.mark.parametrize("binding", ["masquerade", "bridge"])
def test_other_bindings_have_their_link_down(binding: str) -> None:
    assert_accepted(RULE, vmi({**interface(state="down"), binding: {}}))


def test_before_1_8_there_is_no_passt_binding() -> None:
    assert_accepted(RULE, DOWN, registry(version="1.7"))
