import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import registration, registry
from webhook.plugins.plugin import Plugin
from webhook.rules.base import Action, Registration
from webhook.rules.registrations.pruned_field import RULE

ALL = registration(
    networkAttachmentDefinition="a",
    sidecarImage="a",
    domainAttachmentType="tap",
    migration={},
    downwardAPI="device-info",
    computeResourceOverhead={"requests": {"anything": 1}, "limits": {}},
)


@pytest.mark.parametrize("version", [None, "1.3", "1.9"])
def test_every_field_of_the_api_is_accepted(version: str | None) -> None:
    assert_accepted(RULE, ALL, registry(version=version))


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        ("1.2.2", ["downwardAPI", "computeResourceOverhead"]),
        ("1.1.1", ["migration", "downwardAPI", "computeResourceOverhead"]),
        ("1.1.0", ["domainAttachmentType", "migration", "downwardAPI", "computeResourceOverhead"]),
    ],
)
def test_a_field_that_came_later_is_found(version: str, fields: list[str]) -> None:
    assert_found(RULE, ALL, registry(version=version), field=fields, message=f"KubeVirt {registry(version=version).version} drops")


def test_the_release_that_brought_the_field_is_told() -> None:
    found = registration(migration={})
    assert_found(RULE, found, registry(version="1.1.1"), field="migration", message="came with 1.2", accepted="upgrade KubeVirt to 1.2")


@pytest.mark.parametrize(
    ("fields", "path", "meant"),
    [
        ({"sidecarimage": "a"}, "sidecarimage", 'did you mean "sidecarImage"?'),
        ({"migration": {"metod": "link-refresh"}}, "migration.metod", 'did you mean "method"?'),
        ({"computeResourceOverhead": {"request": {}}}, "computeResourceOverhead.request", 'did you mean "requests"?'),
    ],
)
def test_an_unknown_key_is_found_with_what_was_meant(fields: dict[str, object], path: str, meant: str) -> None:
    assert_found(RULE, registration("p", **fields), field=path, message=meant)


def test_an_unknown_key_like_no_other_is_told_with_the_known_ones() -> None:
    assert_found(
        RULE, registration(resources={}), field="resources", message="not a field of a plugin", accepted="use networkAttachmentDefinition, "
    )


def test_nothing_inside_a_pruned_field_is_told_again() -> None:
    found = registration(computeResourceOverhead={"request": {}})
    assert_found(RULE, found, registry(version="1.2"), field="computeResourceOverhead")


def test_claims_are_found_from_1_4() -> None:
    found = registration(computeResourceOverhead={"claims": [{"name": "a"}]})
    assert_found(RULE, found, registry(version="1.4"), field="computeResourceOverhead.claims", message="1.4 removed the field")
    assert_accepted(RULE, found, registry(version="1.3.2"))


def test_a_null_is_no_field() -> None:
    assert_accepted(RULE, registration(migration=None), registry(version="1.1.1"))


@pytest.mark.parametrize("raw", [None, [], "tap", 5, True])
def test_what_is_no_object_has_no_fields(raw: object) -> None:
    assert_accepted(RULE, Registration("passt", raw, Plugin()))


def test_a_field_of_the_wrong_type_is_left_to_its_own_rule() -> None:
    assert_accepted(RULE, Registration("passt", {"migration": ["metod"], "computeResourceOverhead": 5}, Plugin()))


def test_it_is_a_warning() -> None:
    assert RULE.action is Action.WARN
