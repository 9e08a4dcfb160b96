import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, no_registry, registry, vmi
from webhook.rules.base import Action
from webhook.rules.plugins.plugin_attaches_nothing import RULE

HALF = vmi(interface(binding={"name": "half"}))
NAME = "domain.devices.interfaces[0].binding.name"


@pytest.mark.parametrize("plugin", [{"sidecarImage": "x"}, {"domainAttachmentType": "tap"}, {"domainAttachmentType": "managedTap"}])
def test_a_plugin_that_attaches_something_is_accepted(plugin: dict[str, str]) -> None:
    assert_accepted(RULE, HALF, registry({"half": plugin}))


@pytest.mark.parametrize("plugin", [{}, {"sidecarImage": ""}, {"networkAttachmentDefinition": "n"}, {"domainAttachmentType": ""}])
def test_a_plugin_that_attaches_nothing_is_found(plugin: dict[str, str]) -> None:
    message = 'plugin "half" is registered without domainAttachmentType and without sidecarImage'
    assert_found(RULE, HALF, registry({"half": plugin}), field=NAME, message=message, for_admin="tap or managedTap")


def test_a_slip_in_the_registration_is_shown() -> None:
    slip = registry({"half": {"domainAttachmentType": "Tap"}})
    assert_found(RULE, HALF, slip, field=NAME, message='with domainAttachmentType "Tap", which KubeVirt does not know')


def test_managed_tap_attaches_nothing_before_1_4() -> None:
    managed = {"half": {"domainAttachmentType": "managedTap"}}
    assert_found(RULE, HALF, registry(managed, version="1.3"), field=NAME, message='"managedTap"', for_admin="domainAttachmentType tap,")
    assert_accepted(RULE, HALF, registry(managed, version="1.4"))


def test_only_a_sidecar_attaches_before_there_were_attachment_types() -> None:
    tap = {"half": {"domainAttachmentType": "tap"}}
    assert_found(RULE, HALF, registry(tap, version="1.1"), field=NAME, for_admin='give "half" a sidecarImage in the KubeVirt CR')
    assert_accepted(RULE, HALF, registry(tap, version="1.1.1"))


def test_a_sidecar_attaches_whatever_the_type_says() -> None:
    assert_accepted(RULE, HALF, registry({"half": {"domainAttachmentType": "managedTap", "sidecarImage": "x"}}, version="1.3"))


@pytest.mark.parametrize("name", ["other", "", None])
def test_an_unregistered_or_empty_name_is_another_rule_s_business(name: str | None) -> None:
    assert_accepted(RULE, vmi(interface(binding={"name": name})), registry({"half": {}}))


def test_nothing_is_said_where_nobody_knows_what_is_registered() -> None:
    assert_accepted(RULE, HALF, no_registry())


def test_a_vm_that_brings_a_sidecar_of_its_own_may_get_the_nic_from_it() -> None:
    half = registry({"p": {"networkAttachmentDefinition": "net"}})
    annotations = {"hooks.kubevirt.io/hookSidecars": '[{"image": "quay.io/acme/hook:v1"}]'}
    hooked = vmi(interface(binding={"name": "p"}), annotations=annotations)
    assert_found(RULE, hooked, half, field="domain.devices.interfaces[0].binding.name", severity=Action.WARN)
    assert_found(RULE, vmi(interface(binding={"name": "p"})), half, field="domain.devices.interfaces[0].binding.name", severity=Action.DENY)
