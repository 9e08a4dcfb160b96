import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import registration, registry
from webhook.plugins.plugin import Plugin
from webhook.rules.base import Action, Registration
from webhook.rules.registrations.registration_attaches_nothing import RULE


@pytest.mark.parametrize("fields", [{"sidecarImage": "a"}, {"domainAttachmentType": "tap"}, {"domainAttachmentType": "managedTap"}])
def test_a_sidecar_or_an_attachment_type_is_enough(fields: dict[str, str]) -> None:
    assert_accepted(RULE, registration("p", **fields))


@pytest.mark.parametrize(
    "fields",
    [{}, {"migration": {}}, {"sidecarImage": "", "domainAttachmentType": None}, {"sidecarimage": "a"}],
)
def test_a_plugin_that_wires_nothing_is_found(fields: dict[str, object]) -> None:
    assert_found(RULE, registration("p", **fields), field="", message="boots without that NIC", severity=Action.DENY)


def test_a_hook_sidecar_of_the_vm_may_attach_what_a_network_attachment_definition_prepares() -> None:
    prepared = registration("p", networkAttachmentDefinition="a", migration={})
    assert_found(RULE, prepared, field="", message="unless a hook sidecar of the VM adds it", severity=Action.WARN)


def test_a_value_of_no_use_is_left_to_its_own_rule() -> None:
    assert_accepted(RULE, registration(domainAttachmentType="Tap"))
    assert_accepted(RULE, registration(sidecarImage="A B"))
    assert_accepted(RULE, Registration("p", {"sidecarImage": 5}, Plugin()))


def test_an_attachment_type_counts_as_absent_before_1_1_1() -> None:
    tap = registration(domainAttachmentType="tap")
    assert_found(RULE, tap, registry(version="1.1.0"), field="", severity=Action.DENY)
    both = registration(domainAttachmentType="tap", networkAttachmentDefinition="a")
    assert_found(RULE, both, registry(version="1.1.0"), field="", severity=Action.DENY)
    assert_accepted(RULE, tap, registry(version="1.1.1"))


@pytest.mark.parametrize("raw", [None, [], "tap"])
def test_what_is_no_object_is_left_to_the_rules_of_shape(raw: object) -> None:
    assert_accepted(RULE, Registration("p", raw, Plugin()))
