import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, registry, vmi
from webhook.rules.base import Action
from webhook.rules.plugins.plugin_without_tap_device import RULE

TAP = {"domainAttachmentType": "tap"}
POD = vmi(interface(binding={"name": "macvtap"}))


def test_a_tap_that_nobody_makes_is_found() -> None:
    field = "domain.devices.interfaces[0].binding.name"
    assert_found(RULE, POD, registry({"macvtap": TAP}), field=field, message='plugin "macvtap" attaches a tap device', severity=Action.WARN)


@pytest.mark.parametrize(
    "plugin",
    [
        {**TAP, "networkAttachmentDefinition": "net"},
        {**TAP, "sidecarImage": "quay.io/acme/x:v1"},
        {"domainAttachmentType": "managedTap"},
        {"sidecarImage": "quay.io/acme/x:v1"},
        {},
    ],
)
def test_a_plugin_that_brings_the_device_is_accepted(plugin: dict[str, str]) -> None:
    assert_accepted(RULE, POD, registry({"macvtap": plugin}))


@pytest.mark.parametrize("default", [True, False])
def test_a_multus_network_s_cni_may_make_the_device(*, default: bool) -> None:
    on_multus = vmi(interface("blue", binding={"name": "macvtap"}), networks=[multus("blue", default=default)])
    assert_accepted(RULE, on_multus, registry({"macvtap": TAP}))


def test_an_unregistered_plugin_is_another_rule_s_business() -> None:
    assert_accepted(RULE, POD, registry())
