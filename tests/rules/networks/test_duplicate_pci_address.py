import msgspec
import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, registry, spec, vmi
from webhook.rules.base import Action
from webhook.rules.networks.duplicate_pci_address import RULE
from webhook.vmi.spec import VMISpec
from webhook.vmi.vmi import VMI

ADDRESS = "0000:0a:00.0"
SECOND = "domain.devices.interfaces[1].pciAddress"
FIRST = interface("a", masquerade={}, pciAddress=ADDRESS)


def test_addresses_of_their_own_are_accepted() -> None:
    other = interface("b", bridge={}, pciAddress="0000:0b:00.0")
    assert_accepted(RULE, vmi(FIRST, other, interface("c"), interface("d", pciAddress=""), interface("e", pciAddress="")))


@pytest.mark.parametrize("binding", ["bridge", "sriov", "passtBinding"])
@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.upper()])
def test_the_address_of_an_interface_before_is_found(binding: str, address: str) -> None:
    second = interface("b", pciAddress=address, **{binding: {}})
    assert_found(RULE, vmi(FIRST, second), field=SECOND, message='interface "a" has pciAddress', severity=Action.DENY)


def test_the_address_of_a_disk_is_found_at_the_interface() -> None:
    found = spec(FIRST)
    found["domain"]["devices"]["disks"] = [{"name": "x", "cdrom": {}}, {"name": "d", "disk": {"bus": "virtio", "pciAddress": ADDRESS}}]
    assert_found(
        RULE, VMI(msgspec.convert(found, VMISpec)), field="domain.devices.interfaces[0].pciAddress", message="a disk has pciAddress"
    )


@pytest.mark.parametrize("second", [{"state": "absent", "bridge": {}}, {"bridge": {}, "pciAddress": None}])
def test_an_interface_that_is_not_in_the_domain_has_no_address(second: dict[str, object]) -> None:
    gone = interface("b", **{"pciAddress": ADDRESS, **second})
    assert_accepted(RULE, vmi(FIRST, gone))
    assert_accepted(RULE, vmi(gone, FIRST))


def test_what_is_no_address_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface("a", masquerade={}, pciAddress="02:00"), interface("b", bridge={}, pciAddress="02:00")))


def test_the_sidecar_of_a_plugin_may_choose_another_address() -> None:
    plugins = registry({"side": {"sidecarImage": "x"}, "tap": {"domainAttachmentType": "tap"}})
    plugin = {name: interface("b", binding={"name": name}, pciAddress=ADDRESS) for name in ("side", "tap", "unknown")}
    assert_found(RULE, vmi(FIRST, plugin["tap"]), plugins, field=SECOND, severity=Action.DENY)
    for name in ("side", "unknown"):
        assert_found(RULE, vmi(FIRST, plugin[name]), plugins, field=SECOND, severity=Action.WARN)
        assert_found(RULE, vmi(plugin[name], FIRST), plugins, field=SECOND, severity=Action.WARN)
