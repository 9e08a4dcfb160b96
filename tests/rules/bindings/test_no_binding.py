import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, registry, vmi
from webhook.rules.bindings.no_binding import RULE
from webhook.vmi.bindings import BINDINGS, DISCONTINUED

INTERFACE = "domain.devices.interfaces[0]"
FIELDS = [binding.field for binding in (*BINDINGS, *DISCONTINUED)]


@pytest.mark.parametrize("field", FIELDS)
def test_every_method_is_a_binding_and_a_discontinued_one_is_another_rule_s_business(field: str) -> None:
    assert_accepted(RULE, vmi(interface("default", **{field: {}})))


def test_an_interface_without_any_is_found_at_itself() -> None:
    assert_found(RULE, vmi(interface("blue")), field=INTERFACE, message='interface "blue" has no binding', accepted="masquerade: {}")


def test_null_is_no_binding() -> None:
    assert_found(RULE, vmi(interface(masquerade=None, bridge=None)), field=INTERFACE)


def test_a_preference_may_fill_in_the_binding() -> None:
    assert_accepted(RULE, vmi(interface(), has_preference=True))


@pytest.mark.parametrize(
    ("field", "before", "since", "message"),
    [
        ("passtBinding", "1.7", "1.8", "KubeVirt 1.7 drops passtBinding, which came with 1.8"),
        ("binding", "1.0", "1.1", "KubeVirt 1.0 drops binding, which came with 1.1"),
    ],
)
def test_a_method_that_kubevirt_does_not_know_yet_is_no_binding(field: str, before: str, since: str, message: str) -> None:
    early = vmi(interface("default", **{field: {}}))
    assert_found(RULE, early, registry(version=before), field=INTERFACE, message=message)
    assert_accepted(RULE, early, registry(version=since))


def test_what_is_offered_is_what_the_release_knows() -> None:
    core = "add one of bridge: {}, masquerade: {}, sriov: {}"
    assert_found(RULE, vmi(interface()), registry(version="1.7"), field=INTERFACE, accepted=f"{core}, or a plugin")
    assert_found(RULE, vmi(interface()), registry(version="1.8"), field=INTERFACE, accepted=f"{core}, passtBinding: {{}}, or a plugin")


def test_a_vmi_without_interfaces_is_accepted() -> None:
    assert_accepted(RULE, vmi())
