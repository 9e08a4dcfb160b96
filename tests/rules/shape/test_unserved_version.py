from tests.builders import registry
from webhook.rules.base import Action, Finding, ShapeError, Subject
from webhook.rules.plan import plan
from webhook.rules.shape.unserved_version import RULE


def findings(error: ShapeError) -> list[Finding]:
    return plan([RULE], registry(), {}, upstream_answers=False).evaluate_shapes([error])


def test_an_unserved_version_is_found_with_the_served_ones() -> None:
    [found] = findings(ShapeError(("apiVersion",), "kubevirt.io/v1 or kubevirt.io/v1alpha3", "kubevirt.io/v2", about=Subject.VERSION))
    assert (found.rule, found.severity, found.path) == ("unserved-version", Action.DENY, ("apiVersion",))
    assert '"kubevirt.io/v2" is not served' in found.message
    assert found.accepted == "use kubevirt.io/v1 or kubevirt.io/v1alpha3"


def test_a_wrong_type_is_another_rule_s_business() -> None:
    assert findings(ShapeError(("spec",), "an object", "5")) == []
