import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import registration, registry
from webhook.rules.registrations.unknown_domain_attachment_type import RULE


@pytest.mark.parametrize("value", ["tap", "managedTap", "", None])
def test_a_known_or_absent_type_is_accepted(value: str | None) -> None:
    assert_accepted(RULE, registration(domainAttachmentType=value))


def test_a_slip_in_case_is_told() -> None:
    assert_found(RULE, registration(domainAttachmentType="Tap"), field="domainAttachmentType", message='did you mean "tap"?')


def test_managed_tap_is_found_before_1_4() -> None:
    managed = registration(domainAttachmentType="managedTap")
    assert_found(RULE, managed, registry(version="1.3"), field="domainAttachmentType", message="it came with 1.4")
    assert_accepted(RULE, managed, registry(version="1.4"))
