import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, vmi
from webhook.rules.networks.invalid_boot_order import RULE

ORDER = "domain.devices.interfaces[0].bootOrder"


@pytest.mark.parametrize("order", [1, 2, 1 << 31, None])
def test_boot_orders_from_one_on_and_none_are_accepted(order: int | None) -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}, bootOrder=order)))


@pytest.mark.parametrize("order", [0, -1])
def test_anything_below_one_is_found(order: int) -> None:
    assert_found(RULE, vmi(interface(masquerade={}, bootOrder=order)), field=ORDER, message=f"bootOrder is {order}")
