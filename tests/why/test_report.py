"""The report of a diagnosis shows what a cluster says, and does nothing that it says."""

import pytest

from tests.report.builders import HOSTILE
from tests.why.objects import situation, vm
from webhook.why.diagnosis import Cause, Diagnosis, VMState
from webhook.why.report import text


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_the_text_prints_nothing_that_a_terminal_or_a_ci_service_would_act_on(hostile: str) -> None:
    cause = Cause(hostile, hostile, hostile, hostile, hostile)
    printed = text(Diagnosis(VMState.HELD_UP, hostile, [cause, cause]), situation(vm(), unread=[hostile]), width=80)
    assert [character for character in printed if not character.isprintable() and character != "\n"] == []
    assert not [line for line in printed.splitlines() if line.lstrip().startswith("::") or "##[" in line]
