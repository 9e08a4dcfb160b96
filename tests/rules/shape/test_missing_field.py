from tests.builders import registry
from webhook.rules.base import Action, Finding, ShapeError, Subject
from webhook.rules.plan import plan
from webhook.rules.shape.missing_field import RULE


def evaluate_object(*errors: ShapeError) -> list[Finding]:
    return plan([RULE], registry(), {}, upstream_answers=True).evaluate_shapes(errors)


def test_what_is_missing_is_told_with_its_path() -> None:
    [finding] = evaluate_object(ShapeError(("spec", "template"), "an object", None))
    assert (finding.rule, finding.severity, finding.path) == ("missing-field", Action.DENY, ("spec", "template"))
    assert finding.message == "spec.template is missing; expected an object"
    assert "add spec.template" in finding.accepted


def test_an_empty_document_is_told_too() -> None:
    [finding] = evaluate_object(ShapeError((), "an object", None))
    assert finding.message == "the object is missing; expected an object"


def test_a_wrong_value_is_another_rule_s_business() -> None:
    assert evaluate_object(ShapeError(("spec",), "an object", "5")) == []


def test_an_unserved_version_is_another_rule_s_business() -> None:
    assert evaluate_object(ShapeError(("apiVersion",), "kubevirt.io/v1", None, about=Subject.VERSION)) == []
