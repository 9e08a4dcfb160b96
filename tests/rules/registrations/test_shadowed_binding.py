import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import registration
from webhook.rules.base import Action
from webhook.rules.registrations.shadowed_binding import RULE


@pytest.mark.parametrize("name", ["passt", "slirp", "macvtap", "l2bridge", "binding", ""])
def test_upstream_s_own_plugin_names_are_accepted(name: str) -> None:
    assert_accepted(RULE, registration(name))


@pytest.mark.parametrize(
    ("name", "core"), [("bridge", "bridge"), ("Masquerade", "masquerade"), ("SRIOV", "sriov"), ("passtbinding", "passtBinding")]
)
def test_a_core_binding_s_name_is_found_in_any_case(name: str, core: str) -> None:
    assert_found(RULE, registration(name), field="", message=f'plugin "{name}" has the name of the core binding "{core}: {{}}"')


def test_it_is_a_warning() -> None:
    assert RULE.action is Action.WARN
