import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, no_registry, registry, vmi
from tests.rules.networks.dra import GATE_OFF, GATE_ON, dra, dra_vmi
from webhook.plugins.registry import Registry
from webhook.rules.base import Action
from webhook.rules.networks.dra_gate_disabled import RULE

CLAIM = "networks[1].resourceClaim"
DRA = dra_vmi(POD_NETWORK, dra("fast"), dra("faster"))


def test_the_gate_on_is_accepted() -> None:
    assert_accepted(RULE, DRA, GATE_ON)


def test_the_gate_off_is_found_at_the_first_dra_network() -> None:
    assert_found(RULE, DRA, GATE_OFF, field=CLAIM, message='resourceClaim of network "fast"', for_admin="add NetworkDevicesWithDRA")


def test_without_dra_networks_the_gate_does_not_matter() -> None:
    assert_accepted(RULE, vmi(interface()), GATE_OFF)


def test_where_nobody_knows_the_gate_it_is_a_warning() -> None:
    assert_found(RULE, DRA, no_registry(), field=CLAIM, message="is probably off (no KubeVirt CR says", severity=Action.WARN)


@pytest.mark.parametrize("known", [registry(version="1.10"), registry(version="1.11"), no_registry("1.10")])
def test_from_1_10_the_gate_is_on_by_default(known: Registry) -> None:
    assert_accepted(RULE, DRA, known)


def test_from_1_10_the_gate_can_be_disabled_and_denies_where_the_release_is_known() -> None:
    disabled = ("NetworkDevicesWithDRA",)
    assert_found(RULE, DRA, registry(version="1.10", disabled_gates=disabled), field=CLAIM)
    newer = registry(version="1.11", disabled_gates=disabled)
    assert_found(RULE, DRA, newer, field=CLAIM, message="KubeVirt 1.11 is newer than", severity=Action.WARN)


def test_before_1_9_there_is_no_gate() -> None:
    assert_accepted(RULE, DRA, registry(version="1.8"))
