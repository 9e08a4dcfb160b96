from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, no_registry, registry, vmi
from webhook.rules.base import Action
from webhook.rules.bindings.passt_gate_disabled import RULE

PASST = vmi(interface(passtBinding={}))
FIELD = "domain.devices.interfaces[0].passtBinding"


def test_in_1_8_the_gate_is_off_unless_listed() -> None:
    assert_found(RULE, PASST, registry(version="1.8"), field=FIELD, message="which is not enabled", severity=Action.DENY)
    assert_accepted(RULE, PASST, registry(version="1.8", gates=("PasstBinding",)))


def test_from_1_9_the_gate_is_on_unless_disabled() -> None:
    assert_accepted(RULE, PASST, registry(version="1.9"))
    assert_accepted(RULE, PASST, registry())
    disabled = registry(version="1.9", disabled_gates=("PasstBinding",))
    assert_found(RULE, PASST, disabled, field=FIELD, message="feature gate PasstBinding, which is disabled", for_admin="featureGates")


def test_a_default_is_only_warned_of() -> None:
    assert_found(RULE, PASST, no_registry("1.8"), field=FIELD, message="off by default in KubeVirt 1.8", severity=Action.WARN)
    assert_accepted(RULE, PASST, no_registry("1.9"))
    assert_accepted(RULE, PASST, no_registry())


def test_before_1_8_there_is_no_such_gate() -> None:
    assert_accepted(RULE, PASST, registry(version="1.7"))


def test_other_bindings_need_no_gate() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={})), registry(version="1.8"))
