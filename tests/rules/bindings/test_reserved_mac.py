import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, vmi
from webhook.rules.bindings.reserved_mac import RULE


def test_the_reserved_address_is_found_with_masquerade() -> None:
    reserved = vmi(interface(masquerade={}, macAddress="02:00:00:00:00:00"))
    assert_found(RULE, reserved, field="domain.devices.interfaces[0].macAddress", message='"02:00:00:00:00:00" is reserved')


@pytest.mark.parametrize("address", ["02-00-00-00-00-00", "0200.0000.0000", "02:00:00:00:00:01", "02:00:00:00:00:00 ", "", None])
def test_any_other_text_is_accepted(address: str | None) -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, macAddress=address)))


def test_without_masquerade_the_address_is_free() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}, macAddress="02:00:00:00:00:00")))
