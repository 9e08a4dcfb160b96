import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, no_registry, registry, vmi
from webhook.rules.base import Action
from webhook.rules.plugins.plugin_gate_disabled import RULE

PLUGIN = vmi(interface(binding={"name": "passt"}))
FIELD = "domain.devices.interfaces[0].binding"


@pytest.mark.parametrize("version", ["1.1", "1.4.1"])
def test_up_to_1_4_the_gate_is_off_unless_listed(version: str) -> None:
    assert_found(RULE, PLUGIN, registry(version=version), field=FIELD, message="NetworkBindingPlugins, which is off", severity=Action.DENY)
    assert_accepted(RULE, PLUGIN, registry(version=version, gates=("NetworkBindingPlugins",)))


def test_a_default_is_only_warned_of() -> None:
    assert_found(RULE, PLUGIN, no_registry("1.4"), field=FIELD, message="no KubeVirt CR says", severity=Action.WARN)


@pytest.mark.parametrize("version", ["1.0", "1.5", "1.9", None])
def test_elsewhere_there_is_no_gate_to_turn_on(version: str | None) -> None:
    assert_accepted(RULE, PLUGIN, registry(version=version))


def test_core_bindings_need_no_gate() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={})), registry(version="1.4"))
