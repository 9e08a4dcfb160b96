from typing import Any

import msgspec
import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, registry, spec
from webhook.rules.networks.bootable_interface_with_launch_security import RULE
from webhook.vmi.spec import VMISpec
from webhook.vmi.vmi import VMI

ORDER = "domain.devices.interfaces[0].bootOrder"


def secured(security: Any, **fields: Any) -> VMI:
    found = spec(interface(masquerade={}, **fields))
    found["domain"]["launchSecurity"] = security
    return VMI(msgspec.convert(found, VMISpec))


@pytest.mark.parametrize("security", [None, {}, {"sev": None}])
def test_without_a_type_a_boot_order_is_accepted(security: Any) -> None:
    assert_accepted(RULE, secured(security, bootOrder=1))


def test_without_a_boot_order_launch_security_is_accepted() -> None:
    assert_accepted(RULE, secured({"sev": {}}))


def test_sev_is_found_on_every_release_and_the_others_since_1_7() -> None:
    for version in ("1.1", "1.9", None):
        assert_found(RULE, secured({"sev": {}}, bootOrder=1), registry(version=version), field=ORDER, message="launchSecurity.sev")
    for kind in ("snp", "tdx"):
        assert_accepted(RULE, secured({kind: {}}, bootOrder=1), registry(version="1.6.6"))
        assert_found(RULE, secured({kind: {}}, bootOrder=1), registry(version="1.7"), field=ORDER, message=f"launchSecurity.{kind}")
