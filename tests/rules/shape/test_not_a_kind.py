from tests.builders import registry
from webhook.rules.base import Action, Finding, ShapeError, Subject
from webhook.rules.plan import plan
from webhook.rules.shape.not_a_kind import RULE


def findings(error: ShapeError) -> list[Finding]:
    return plan([RULE], registry(), {}, upstream_answers=False).evaluate_shapes([error])


def test_a_kind_that_does_not_exist_is_found_with_what_was_meant() -> None:
    [found] = findings(ShapeError(("kind",), "kind: VirtualMachine", 'kind "VM" of apiVersion "kubevirt.io/v1"', about=Subject.KIND))
    assert (found.rule, found.severity, found.path) == ("not-a-kind", Action.DENY, ("kind",))
    assert found.message == 'no KubeVirt release has kind "VM" of apiVersion "kubevirt.io/v1"'
    assert found.accepted == "write kind: VirtualMachine"


def test_another_shape_error_is_another_rule_s() -> None:
    assert findings(ShapeError(("spec",), "an object", "5")) == []
