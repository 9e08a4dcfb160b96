import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, vmi
from webhook.rules.networks.invalid_interface_name import RULE

NAME = "domain.devices.interfaces[0].name"


@pytest.mark.parametrize("name", ["default", "net_1", "Net-1", "-", "_", "7"])
def test_letters_digits_hyphens_and_underscores_are_accepted(name: str) -> None:
    assert_accepted(RULE, vmi(interface(name, masquerade={})))


@pytest.mark.parametrize(
    ("name", "other"), [("net.1", '"."'), ("net 1", '" "'), ("netz-ä", '"ä"'), ("net\n", '"\\n"'), ("net٣", '"٣"'), ("a/b", '"/"')]
)
def test_any_other_character_is_found_and_shown(name: str, other: str) -> None:
    assert_found(RULE, vmi(interface(name, masquerade={})), field=NAME, message=f"contains {other}")


def test_an_interface_without_a_name_is_found() -> None:
    assert_found(RULE, vmi(interface("", masquerade={})), field=NAME, message="has no name")
    assert_found(RULE, vmi({"masquerade": {}}), field=NAME, message="has no name")
