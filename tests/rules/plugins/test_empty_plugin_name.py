import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, no_registry, registry, vmi
from webhook.rules.plugins.empty_plugin_name import RULE

NAME = "domain.devices.interfaces[0].binding.name"


@pytest.mark.parametrize(
    ("binding", "message"),
    [({}, "binding has no name"), ({"name": None}, "binding has no name"), ({"name": ""}, "binding.name is empty")],
)
def test_a_binding_without_a_name_is_found(binding: dict[str, str | None], message: str) -> None:
    assert_found(RULE, vmi(interface(binding=binding)), field=NAME, message=message, accepted="no plugin is registered")
    assert_found(RULE, vmi(interface(binding=binding)), no_registry(), field=NAME, message=message)


def test_a_name_is_accepted_whatever_it_is() -> None:
    assert_accepted(RULE, vmi(interface(binding={"name": " "})))


def test_no_binding_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(binding=None)))


def test_before_1_1_there_are_no_plugins() -> None:
    assert_accepted(RULE, vmi(interface(binding={})), registry(version="1.0"))
