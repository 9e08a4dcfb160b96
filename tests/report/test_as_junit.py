import xml.etree.ElementTree as ET

import pytest

from tests.report.builders import CLEAN, EMPTY, FIELD_TEXT, HOSTILE, INCOMPLETE, MIXED, hostile, occurrence, render, report, warning
from tests.report.readers import read_xml
from webhook.errors import UnreadableError
from webhook.report.findings import Report
from webhook.rules.base import Action


def read(what: Report, *, fail_on: Action = Action.DENY) -> ET.Element:
    return read_xml(render(what, "junit", fail_on=fail_on))


def numbers(element: ET.Element) -> tuple[str | None, ...]:
    return tuple(element.get(name) for name in ("tests", "failures", "errors", "skipped"))


def case(root: ET.Element, rule: str) -> ET.Element:
    (found,) = root.findall(f".//testcase[@classname='{rule}']")
    return found


def test_a_clean_run_is_one_passed_test_case() -> None:
    root = read(CLEAN)
    assert numbers(root) == ("1", "0", "0", "0")
    (passed,) = root.iter("testcase")
    assert [child.tag for child in passed] == ["system-out"]
    assert passed.findtext("system-out", "").startswith("clean: ")


def test_an_incomplete_run_is_told_and_an_error_where_it_fails() -> None:
    assert case(read(INCOMPLETE), "bindguard").findtext("system-out", "").startswith("incomplete (no registry was found")
    assert numbers(read(INCOMPLETE)) == ("1", "0", "0", "0")
    error = case(read(EMPTY), "bindguard").find("error")
    assert error is not None
    assert (error.get("type"), error.text) == ("incomplete", "incomplete: no object was checked; check the paths")
    assert numbers(read(EMPTY)) == ("1", "0", "1", "0")


def test_a_denied_finding_is_a_failure_at_its_place() -> None:
    failed = case(read(report(occurrence())), "unregistered-plugin")
    assert failed.attrib == {
        "classname": "unregistered-plugin",
        "name": f"VirtualMachine shop/web-01, {FIELD_TEXT}",
        "time": "0",
        "file": "shop/web.yaml",
        "line": "14",
    }
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("message") == 'no binding plugin named "pastt" is registered; did you mean "passt"?'
    assert (failure.text or "").startswith("shop/web.yaml:14:21: deny: no binding plugin")


def test_a_warning_passes_and_is_told_unless_the_threshold_is_warn() -> None:
    assert [child.tag for child in case(read(report(warning())), "no-binding")] == ["system-out"]
    assert [child.tag for child in case(read(report(warning()), fail_on=Action.WARN), "no-binding")] == ["failure"]


def test_unreadable_input_is_an_error() -> None:
    error = read(MIXED).find(".//testcase[@file='broken.yaml']/error")
    assert error is not None
    assert error.text == "broken.yaml:3:1: a tab may not indent; use spaces"


def test_there_is_one_suite_per_file_and_every_number_is_counted() -> None:
    root = read(MIXED)
    assert [(suite.get("name"), *numbers(suite)) for suite in root] == [
        ("bindguard", "1", "0", "0", "0"),
        ("shop/web.yaml", "2", "1", "0", "0"),
        ("other.yaml", "1", "1", "0", "0"),
        ("broken.yaml", "1", "0", "1", "0"),
        ("secret.yaml", "1", "0", "1", "0"),
        ("input", "1", "0", "1", "0"),
    ]
    assert numbers(root) == ("7", "2", "3", "0")


def test_a_file_that_comes_again_stays_one_suite() -> None:
    error = UnreadableError("a tab may not indent", file="a.yaml", line=90)
    root = read(report(occurrence("a.yaml"), occurrence("b.yaml"), occurrence("a.yaml", line=20), unreadable=(error,)))
    assert [(suite.get("file"), suite.get("tests")) for suite in root] == [(None, "1"), ("a.yaml", "3"), ("b.yaml", "1")]


def test_test_cases_that_would_be_named_alike_are_numbered() -> None:
    root = read(report(occurrence(), occurrence(line=20), occurrence(rule="no-binding")))
    names = [(each.get("classname"), (each.get("name") or "").removesuffix(FIELD_TEXT)) for each in root.iter("testcase")]
    plain = "VirtualMachine shop/web-01, "
    assert names[1:] == [
        ("unregistered-plugin", plain),
        ("unregistered-plugin", f"{plain}{FIELD_TEXT} (2)"),
        ("no-binding", plain),
    ]


def test_summary_and_notes_are_in_the_run_s_own_test_case() -> None:
    told = case(read(MIXED), "bindguard").findtext("system-out", "")
    assert told.startswith("3 findings (2 deny, 1 warn) in 2 files, 3 inputs unreadable; ")
    assert told.endswith("\nnote: no version given")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_makes_no_elements(text: str) -> None:
    assert {element.tag for element in read(report(hostile(text))).iter()} == {
        "testsuites",
        "testsuite",
        "testcase",
        "system-out",
        "failure",
    }
