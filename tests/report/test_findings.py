import pytest

from tests.report.builders import BROKEN, CLEAN, EMPTY, INCOMPLETE, MIXED, NO_OBJECT, NO_REGISTRY, occurrence, report, warning
from webhook.report.findings import ObjectRef, Report
from webhook.rules.base import Action


@pytest.mark.parametrize(
    ("what", "fail_on", "code"),
    [
        (CLEAN, Action.WARN, 0),
        (report(occurrence()), Action.DENY, 1),
        (report(occurrence()), Action.WARN, 1),
        (report(warning()), Action.DENY, 0),
        (report(warning()), Action.WARN, 1),
        (report(unreadable=(BROKEN,)), Action.DENY, 3),
        (MIXED, Action.DENY, 3),
        (INCOMPLETE, Action.WARN, 0),
        (EMPTY, Action.DENY, 3),
        (report(occurrence(), gaps=(NO_REGISTRY,)), Action.DENY, 1),
        (report(occurrence(), gaps=(NO_OBJECT,)), Action.DENY, 3),
    ],
)
def test_the_exit_code_tells_findings_at_the_threshold_and_an_incomplete_run_wins(what: Report, fail_on: Action, code: int) -> None:
    assert what.exit_code(fail_on=fail_on) == code


def test_an_object_is_named_as_a_person_would() -> None:
    assert str(ObjectRef("VirtualMachine", "shop", "web-01")) == "VirtualMachine shop/web-01"
    assert str(ObjectRef("VirtualMachine", "", "web-01")) == "VirtualMachine web-01"
    assert str(ObjectRef("VirtualMachine", "shop", "")) == "VirtualMachine shop/(unnamed)"
