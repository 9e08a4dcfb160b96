from tests.builders import registry
from webhook.rules.base import Action, Finding, ShapeError, Subject
from webhook.rules.plan import plan
from webhook.rules.shape.unknown_key import RULE


def findings(error: ShapeError) -> list[Finding]:
    return plan([RULE], registry(), {}, upstream_answers=False).evaluate_shapes([error])


def test_an_unknown_key_is_found_with_what_was_meant() -> None:
    error = ShapeError(("spec", "network"), "write networks", '"network" is no field of spec', about=Subject.KEY)
    [found] = findings(error)
    assert (found.rule, found.severity, found.path) == ("unknown-key", Action.DENY, ("spec", "network"))
    assert (found.message, found.accepted) == ('"network" is no field of spec', "write networks")


def test_a_key_that_the_api_server_may_know_is_a_warning() -> None:
    [found] = findings(ShapeError(("spec", "new"), "remove it", "new", about=Subject.KEY, at_most=Action.WARN))
    assert found.severity is Action.WARN


def test_another_shape_error_is_another_rule_s() -> None:
    assert findings(ShapeError(("spec",), "an object", "5")) == []
