from tests.builders import registry
from webhook.kube.fieldpath import Path
from webhook.rules.base import Action, Finding, ShapeError, Subject
from webhook.rules.plan import plan
from webhook.rules.shape.wrong_type import RULE

NAME: Path = ("spec", "domain", "devices", "interfaces", 0, "name")


def evaluate_object(*errors: ShapeError) -> list[Finding]:
    return plan([RULE], registry(), {}, upstream_answers=True).evaluate_shapes(errors)


def test_what_is_expected_and_what_is_found_are_told_at_its_place() -> None:
    found = evaluate_object(ShapeError(NAME, "a string", "5"))
    assert found == [Finding("wrong-type", Action.DENY, NAME, "expected a string, found 5", "write a string here, in quotes")]


def test_each_wrong_value_is_found() -> None:
    errors = [ShapeError(NAME, "a string", "5"), ShapeError(("spec",), "an object", '"text"')]
    assert [finding.path for finding in evaluate_object(*errors)] == [NAME, ("spec",)]


def test_a_missing_value_is_another_rule_s_business() -> None:
    assert evaluate_object(ShapeError(("spec",), "an object", None)) == []


def test_an_unserved_version_is_another_rule_s_business() -> None:
    assert evaluate_object(ShapeError(("apiVersion",), "kubevirt.io/v1", "kubevirt.io/v2", about=Subject.VERSION)) == []
