from typing import Any

from tests.report.builders import BROKEN, CLEAN, EMPTY, FIELD_TEXT, INCOMPLETE, NAMELESS, SECRET, occurrence, render, report, warning
from tests.report.readers import read_json
from webhook.report.findings import Report
from webhook.report.fingerprint import fingerprint


def issues(what: Report) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = read_json(render(what, "gitlab"))
    return read


def test_a_finding_is_an_issue_with_what_gitlab_requires() -> None:
    assert issues(report(occurrence("./shop/web.yaml"))) == [
        {
            "description": f"VirtualMachine shop/web-01, {FIELD_TEXT}: "
            'no binding plugin named "pastt" is registered; did you mean "passt"?\nhelp: registered are "passt"',
            "check_name": "unregistered-plugin",
            "fingerprint": fingerprint(occurrence()),
            "severity": "major",
            "location": {"path": "shop/web.yaml", "lines": {"begin": 14}},
        }
    ]


def test_a_warning_is_minor_and_unreadable_input_critical() -> None:
    found = issues(report(warning(), unreadable=(BROKEN, SECRET, NAMELESS)))
    assert [issue["severity"] for issue in found] == ["minor", "critical", "critical", "critical"]
    assert [issue["location"] for issue in found[1:]] == [
        {"path": "broken.yaml", "lines": {"begin": 3}},
        {"path": "secret.yaml", "lines": {"begin": 1}},
        {"path": "<input>", "lines": {"begin": 1}},
    ]


def test_an_incomplete_run_is_an_issue_where_it_fails() -> None:
    assert issues(INCOMPLETE) == []
    (issue,) = issues(EMPTY)
    assert (issue["check_name"], issue["severity"]) == ("incomplete", "critical")
    assert issue["description"] == "incomplete: no object was checked; check the paths"


def test_fingerprints_are_unique_even_for_findings_that_are_alike() -> None:
    found = issues(report(*[occurrence()] * 5, unreadable=(BROKEN, BROKEN)))
    assert len({issue["fingerprint"] for issue in found}) == 7


def test_fingerprints_do_not_move_with_lines_indices_or_messages() -> None:
    moved = ((14, "m", 0), (200, "n", 7))
    before, after = (
        issues(report(*[occurrence(line=line + more, message=message, path=("spec", "networks", index)) for more in (0, 1)]))
        for line, message, index in moved
    )
    assert [issue["fingerprint"] for issue in before] == [issue["fingerprint"] for issue in after]


def test_a_clean_run_is_an_empty_list() -> None:
    assert render(CLEAN, "gitlab") == "[]\n"
