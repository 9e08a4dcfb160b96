from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, no_registry, registry, vmi
from tests.rules.networks.dra import GATE_OFF, GATE_ON, dra, dra_vmi
from webhook.rules.base import Action
from webhook.rules.networks.dra_gate_disabled import RULE

CLAIM = "networks[1].resourceClaim"
DRA = dra_vmi(POD_NETWORK, dra("fast"), dra("faster"))


def test_the_gate_on_is_accepted() -> None:
    assert_accepted(RULE, DRA, GATE_ON)


def test_the_gate_off_is_found_at_the_first_dra_network() -> None:
    assert_found(RULE, DRA, GATE_OFF, field=CLAIM, message='"fast" is a DRA network', accepted="enable feature gate NetworkDevicesWithDRA")


def test_without_dra_networks_the_gate_does_not_matter() -> None:
    assert_accepted(RULE, vmi(interface()), GATE_OFF)


def test_where_nobody_knows_the_gate_it_is_a_warning() -> None:
    assert_found(RULE, DRA, no_registry(), field=CLAIM, message="is off by default", severity=Action.WARN)


def test_before_1_9_there_is_no_gate() -> None:
    assert_accepted(RULE, DRA, registry(version="1.8"))
