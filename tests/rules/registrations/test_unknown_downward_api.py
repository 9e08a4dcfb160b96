import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import registration, registry
from webhook.rules.base import Action
from webhook.rules.registrations.unknown_downward_api import RULE


@pytest.mark.parametrize("value", [None, "", "device-info"])
def test_the_known_value_or_none_is_accepted(value: str | None) -> None:
    assert_accepted(RULE, registration(downwardAPI=value))


def test_a_slip_is_told_with_what_was_meant() -> None:
    found = registration(downwardAPI="deviceInfo")
    assert_found(RULE, found, field="downwardAPI", message='did you mean "device-info"?', severity=Action.WARN)


def test_an_unknown_value_is_told_as_ignored() -> None:
    assert_found(RULE, registration(downwardAPI="all"), field="downwardAPI", message='"all" is unknown to KubeVirt and ignored')


def test_before_1_3_the_field_itself_is_pruned_and_that_is_told_elsewhere() -> None:
    assert_accepted(RULE, registration(downwardAPI="all"), registry(version="1.2"))
