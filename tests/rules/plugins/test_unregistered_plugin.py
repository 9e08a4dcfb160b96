import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, no_registry, registry, vmi
from webhook.rules.base import Action
from webhook.rules.plugins.unregistered_plugin import RULE

PASST = {"networkAttachmentDefinition": "default/netbindingpasst", "sidecarImage": "quay.io/kubevirt/network-passt-binding:v1.9.0"}
NAME = "domain.devices.interfaces[0].binding.name"


def test_a_registered_name_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface(binding={"name": "passt"})), registry({"passt": PASST}))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("pastt", 'did you mean "passt"?'),
        ("Passt", 'did you mean "passt"?'),
        ("passtBinding", 'the core binding "passtBinding: {}"'),
        ("masquerade", 'the core binding "masquerade: {}"'),
        ("netbindingpasst", 'NetworkAttachmentDefinition of plugin "passt"'),
        ("default/netbindingpasst", 'NetworkAttachmentDefinition of plugin "passt"'),
    ],
)
def test_a_slip_is_told_with_what_was_meant(name: str, meant: str) -> None:
    assert_found(RULE, vmi(interface(binding={"name": name})), registry({"passt": PASST}), field=NAME, message=meant)


def test_passt_may_mean_the_core_binding_once_there_is_one() -> None:
    passt = vmi(interface(binding={"name": "passt"}))
    assert_found(RULE, passt, registry(version="1.8"), field=NAME, message='the core binding "passtBinding: {}"')
    assert_found(RULE, passt, registry({"pass": {}}, version="1.7"), field=NAME, message='did you mean "pass"?')


def test_what_is_registered_is_listed() -> None:
    many: dict[str, dict[str, str]] = {f"plugin-{i:02}": {} for i in range(12)}
    listed = 'use a registered plugin: "plugin-00", "plugin-01"'
    assert_found(RULE, vmi(interface(binding={"name": "zzz"})), registry(many), field=NAME, accepted=listed)
    assert_found(RULE, vmi(interface(binding={"name": "zzz"})), registry(many), field=NAME, accepted='"plugin-09" and 2 more')
    assert_found(RULE, vmi(interface(binding={"name": "zzz"})), registry(), field=NAME, accepted="no plugin is registered")


def test_an_empty_name_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(binding={"name": ""})), registry())
    assert_accepted(RULE, vmi(interface(binding={})), registry())


def test_nothing_is_said_where_nobody_knows_what_is_registered() -> None:
    assert_accepted(RULE, vmi(interface(binding={"name": "pastt"})), no_registry())


def test_a_control_character_in_a_name_is_shown_escaped() -> None:
    assert_found(RULE, vmi(interface(binding={"name": "a\x1b[31m"})), registry(), field=NAME, message='"a\\u001b[31m"')


def test_before_there_were_plugins_there_is_nothing_to_register() -> None:
    assert_accepted(RULE, vmi(interface(binding={"name": "pastt"})), registry(version="1.0"))


def test_a_plugin_that_may_be_registered_all_the_same_is_a_warning() -> None:
    doubtful = registry({"vdpa": {}}, possible_plugins=frozenset({"passt"}))
    assert_found(RULE, vmi(interface(binding={"name": "passt"})), doubtful, field=NAME, severity=Action.WARN)
    assert_found(RULE, vmi(interface(binding={"name": "other"})), doubtful, field=NAME)
