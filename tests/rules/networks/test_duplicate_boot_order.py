import msgspec

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, spec, vmi
from webhook.rules.networks.duplicate_boot_order import RULE
from webhook.vmi.spec import VMISpec
from webhook.vmi.vmi import VMI

SECOND = "domain.devices.interfaces[1].bootOrder"


def with_disks(*orders: int | None, boot_order: int) -> VMI:
    found = spec(interface(masquerade={}, bootOrder=boot_order))
    found["domain"]["devices"]["disks"] = [{"name": "d"} | ({} if order is None else {"bootOrder": order}) for order in orders]
    return VMI(msgspec.convert(found, VMISpec))


def test_boot_orders_of_their_own_are_accepted() -> None:
    assert_accepted(RULE, vmi(interface("a", bootOrder=1), interface("b", bootOrder=2), interface("c"), interface("d")))
    assert_accepted(RULE, with_disks(1, None, boot_order=2))


def test_the_boot_order_of_an_interface_before_is_found() -> None:
    assert_found(
        RULE, vmi(interface("a", bootOrder=1), interface("b", bootOrder=1)), field=SECOND, message='interface "a" has bootOrder 1 too'
    )


def test_the_boot_order_of_a_disk_is_found_at_the_interface() -> None:
    assert_found(
        RULE, with_disks(None, 3, boot_order=3), field="domain.devices.interfaces[0].bootOrder", message="a disk has bootOrder 3 too"
    )


def test_boot_orders_below_one_are_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface("a", bootOrder=0), interface("b", bootOrder=0)))
