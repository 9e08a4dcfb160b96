import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, no_registry, registry, vmi
from webhook.rules.networks.invalid_mac_address import RULE

MAC = "domain.devices.interfaces[0].macAddress"


@pytest.mark.parametrize(
    "address", ["02:00:00:00:00:01", "de-ad-00-00-be-af", "DE:AD:00:00:BE:AF", "dEaD.0000.bEaF", "00:00:00:00:00:00", "", None]
)
def test_six_bytes_in_any_of_go_s_forms_are_accepted(address: str | None) -> None:
    assert_accepted(RULE, vmi(interface(macAddress=address)))


@pytest.mark.parametrize(
    "address",
    [
        "02:00:00-00:00:01",
        "02-00-00-00-00:01",
        "02000000001",
        "02000000000g",
        "0200000000000001",
        "0200:0000:0001",
        "02.00.00.00.00.01",
        "2:0:0:0:0:1",
        "02:00:00:00:00:0g",
        "02:00:00:00:00:01 ",
        "02:00:00:00:00:01\n",
        "02:00:00:00:00:01:",
        "dead.0000-beaf",
        "٠٢:00:00:00:00:01",
        "x" * 100_000,
    ],
)
def test_anything_else_is_malformed(address: str) -> None:
    assert_found(RULE, vmi(interface(macAddress=address)), field=MAC, message="is not a MAC address")


def test_twelve_digits_without_separators_are_an_address_from_1_9_on() -> None:
    bare = vmi(interface(macAddress="0200000000aF"))
    assert_found(RULE, bare, registry(version="1.8.4"), field=MAC, message="is not a MAC address")
    assert_accepted(RULE, bare, registry(version="1.9.0"))
    assert_accepted(RULE, bare, registry(version="1.10"))
    assert_accepted(RULE, bare, no_registry())


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("02:00:00:00:00:00:00:01", "has 8 bytes; that is too long"),
        ("0200.0000.0000.0001", "has 8 bytes; that is too long"),
        ("-".join(["0a"] * 20), "has 20 bytes; that is too long"),
        ("02:00:00:00:01", "has 5 bytes; a MAC address has six"),
        ("0200.0001", "has 4 bytes; a MAC address has six"),
    ],
)
def test_another_number_of_bytes_is_counted(address: str, fault: str) -> None:
    assert_found(RULE, vmi(interface(macAddress=address)), field=MAC, message=fault)
