import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, registry, vmi
from webhook.rules.networks.unknown_model import RULE

MODEL = "domain.devices.interfaces[0].model"


@pytest.mark.parametrize("model", ["e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "virtio", "", None])
def test_a_known_or_absent_model_is_accepted(model: str | None) -> None:
    assert_accepted(RULE, vmi(interface(model=model)))


@pytest.mark.parametrize(("model", "meant"), [("VirtIO", '"virtio"'), ("E1000-E", '"e1000e"'), ("ne2k-pci", '"ne2k_pci"')])
def test_a_slip_is_told_with_what_was_meant(model: str, meant: str) -> None:
    assert_found(RULE, vmi(interface(model=model)), field=MODEL, message=f"did you mean {meant}?")


def test_a_model_of_other_hypervisors_is_found_with_the_list() -> None:
    assert_found(RULE, vmi(interface(model="vmxnet3")), field=MODEL, message='"vmxnet3"', accepted="e1000, e1000e, igb, ne2k_pci")


def test_igb_is_found_before_1_4() -> None:
    igb = vmi(interface(model="igb"))
    assert_found(RULE, igb, registry(version="1.3.1"), field=MODEL, message="unknown to KubeVirt 1.3.1: it came with 1.4")
    assert_accepted(RULE, igb, registry(version="1.4"))
    assert_found(RULE, vmi(interface(model="igp")), registry(version="1.3"), field=MODEL, accepted="e1000, e1000e, ne2k_pci")
