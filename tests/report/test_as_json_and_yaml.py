from typing import Any

import pytest

from tests.report.builders import BROKEN, CLEAN, FIELD_TEXT, HOSTILE, MIXED, NAMELESS, occurrence, render, report
from tests.report.readers import read_json, read_yaml

READ = {"json": read_json, "yaml": read_yaml}


def read(output: str, what: Any) -> Any:
    return READ[output](render(what, output))


@pytest.mark.parametrize("output", READ)
def test_a_report_has_this_structure(output: str) -> None:
    assert read(output, report(occurrence(), unreadable=(BROKEN, NAMELESS), notes=("n",), excluded=6, baselined=7)) == {
        "version": 1,
        "registry": "kubevirt.yaml (1 plugin)",
        "kubeVirtVersion": "1.9",
        "findings": [
            {
                "rule": "unregistered-plugin",
                "severity": "deny",
                "file": "shop/web.yaml",
                "line": 14,
                "column": 21,
                "object": {"kind": "VirtualMachine", "namespace": "shop", "name": "web-01"},
                "field": FIELD_TEXT,
                "message": 'no binding plugin named "pastt" is registered; did you mean "passt"?',
                "accepted": 'registered are "passt"',
            }
        ],
        "unreadable": [
            {"file": "broken.yaml", "line": 3, "column": 1, "message": "a tab may not indent; use spaces"},
            {"file": None, "line": None, "column": None, "message": "no input"},
        ],
        "incomplete": [],
        "notes": ["n"],
        "summary": {
            "findings": 1,
            "deny": 1,
            "warn": 0,
            "unreadable": 2,
            "files": 2,
            "documents": 5,
            "checked": 3,
            "passedOver": 2,
            "excluded": 6,
            "baselined": 7,
        },
    }


@pytest.mark.parametrize("output", READ)
def test_a_clean_report_has_empty_lists(output: str) -> None:
    clean = read(output, CLEAN)
    assert (clean["findings"], clean["unreadable"], clean["notes"]) == ([], [], [])


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_yaml_says_the_same_as_json(text: str) -> None:
    what = report(occurrence(text, message=text, name=text, path=("spec", text)), notes=(text,))
    assert read("yaml", what) == read("json", what)


@pytest.mark.parametrize("text", [each for each in HOSTILE if each.isascii() or "lone" not in each], ids=lambda text: ascii(text)[:20])
def test_text_comes_back_as_it_was(text: str) -> None:
    for output in READ:
        assert read(output, report(occurrence(message=text)))["findings"][0]["message"] == text


def test_a_lone_surrogate_is_spelled_out() -> None:
    assert read("json", report(occurrence("caf\udce9.yaml")))["findings"][0]["file"] == r"caf\udce9.yaml"


@pytest.mark.parametrize(
    "word",
    ["1e3", "0o17", "0x1f", "1_000", "12:30", "2024-01-01", "~", "null", "No", "y", "on", "TRUE", ".inf", ".NaN", "=", "<<", "-", "1.9"],
)
def test_yaml_quotes_every_word_that_some_reader_takes_for_another_type(word: str) -> None:
    assert f'  message: "{word}"\n' in render(report(occurrence(message=word)), "yaml")


def test_yaml_leaves_plain_words_bare() -> None:
    text = render(report(occurrence()), "yaml")
    assert "- rule: unregistered-plugin\n" in text
    assert "  file: shop/web.yaml\n" in text


def test_yaml_keeps_the_documented_order() -> None:
    assert list(read("yaml", MIXED)) == [
        "version",
        "registry",
        "kubeVirtVersion",
        "findings",
        "unreadable",
        "incomplete",
        "notes",
        "summary",
    ]
