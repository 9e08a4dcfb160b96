import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, vmi
from webhook.rules.networks.invalid_pci_address import RULE

PCI = "domain.devices.interfaces[0].pciAddress"


@pytest.mark.parametrize("address", ["0000:81:11.1", "0001:02:00.0", "FfFf:fF:Ff.7", "", None])
def test_a_whole_address_is_accepted(address: str | None) -> None:
    assert_accepted(RULE, vmi(interface(pciAddress=address)))


@pytest.mark.parametrize(
    "address", ["0000:80.10.1", "0000:80:80:1.0", "0000:80:11.15", "0000:80:11.8", "0000:80:11.1\n", "000:80:11.1", "\u0660000:80:11.1"]
)
def test_anything_else_is_found(address: str) -> None:
    assert_found(RULE, vmi(interface(pciAddress=address)), field=PCI, message="is not a PCI address")


def test_a_missing_domain_is_told() -> None:
    assert_found(RULE, vmi(interface(pciAddress="02:00.0")), field=PCI, message='did you mean "0000:02:00.0"?')
