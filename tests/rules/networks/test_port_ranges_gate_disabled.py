import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, multus, no_registry, registry, vmi
from webhook.rules.base import Action
from webhook.rules.networks.port_ranges_gate_disabled import RULE

RANGES = "domain.devices.interfaces[0].portRanges"


def test_an_enabled_gate_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface(portRanges=[])), registry(version="1.9", gates=("PortRangesSpec",)))


SOME = [{"start": 1, "end": 2, "protocol": "TCP"}]


@pytest.mark.parametrize("version", ["1.9", None])
def test_port_ranges_with_the_gate_off_are_found_on_any_network(version: str | None) -> None:
    for network in (POD_NETWORK, multus("default")):
        found = vmi(interface(bridge={}, portRanges=SOME), networks=[network])
        assert_found(RULE, found, registry(version=version), field=RANGES, message="PortRangesSpec, which is off")


def test_an_empty_list_is_none() -> None:
    assert_accepted(RULE, vmi(interface(portRanges=[])), registry(version="1.9"))


def test_a_gate_that_nobody_knows_is_a_warning() -> None:
    assert_found(
        RULE,
        vmi(interface(portRanges=SOME)),
        no_registry(),
        field=RANGES,
        message="is probably off (no KubeVirt CR says",
        severity=Action.WARN,
    )


@pytest.mark.parametrize(
    ("version", "why"),
    [("1.10", "this is the plan for it"), ("1.11", "KubeVirt 1.11 is newer than the releases that this program knows")],
)
def test_a_release_that_is_not_known_yet_never_denies_for_a_gate(version: str, why: str) -> None:
    found = registry(version=version)
    assert_found(RULE, vmi(interface(portRanges=SOME)), found, field=RANGES, message=why, severity=Action.WARN)


def test_releases_without_the_field_have_no_gate_for_it() -> None:
    assert_accepted(RULE, vmi(interface(portRanges=SOME)), registry(version="1.8.4"))
