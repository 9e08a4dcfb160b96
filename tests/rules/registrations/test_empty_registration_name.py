from tests.asserts import assert_accepted, assert_found
from tests.builders import registration
from webhook.rules.base import Registration
from webhook.rules.registrations.empty_registration_name import RULE


def test_any_name_is_accepted() -> None:
    assert_accepted(RULE, registration("p"))


def test_the_empty_name_is_found_at_the_plugin() -> None:
    assert_found(RULE, registration(""), field="", message='the empty name ""')


def test_the_empty_name_is_found_whatever_the_plugin_is() -> None:
    assert_found(RULE, Registration("", None, registration().plugin), field="")
