import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.builders import (
    BROKEN,
    CLEAN,
    EMPTY,
    INCOMPLETE,
    MIXED,
    NAMELESS,
    NO_REGISTRY,
    SECRET,
    occurrence,
    render,
    report,
    warning,
)
from webhook.report.as_text import excerpt
from webhook.report.findings import Report

GOLDEN = """\
shop/web.yaml:14:21: deny: no binding plugin named "pastt" is registered; did you mean "passt"? [unregistered-plugin]
  VirtualMachine shop/web-01, spec.template.spec.domain.devices.interfaces[0].binding.name
    14 |               name: pastt
       |                     ^^^^^
  help: registered are "passt"

b.json:1200:2: warn: no binding [no-binding]
  VirtualMachine shop/web-01, spec.template.spec.domain.devices.interfaces[0]
  1200 |               name: pastt
       |  ^^^^^
  help: set one

broken.yaml:3:1: unreadable: a tab may not indent; use spaces
secret.yaml: unreadable: permission denied
input: unreadable: no input

note: no version given
2 findings (1 deny, 1 warn) in 2 files, 3 inputs unreadable; 3 objects checked in 2 files, 2 skipped; \
registry: kubevirt.yaml (1 plugin), KubeVirt 1.9
"""


def test_a_report_reads_exactly_like_this() -> None:
    what = report(occurrence(), warning("b.json", line=1200, column=2), unreadable=(BROKEN, SECRET, NAMELESS), notes=("no version given",))
    assert render(what, "text") == GOLDEN


def test_colour_adds_nothing_but_colours_and_links() -> None:
    coloured = render(MIXED, "text", colour=True)
    assert re.sub(r"\x1b\[\d+m|\x1b\]8;;[^\x1b]*\x1b\\", "", coloured) == render(MIXED, "text")
    for painted in ("\x1b[31mdeny\x1b[0m", "\x1b[33mwarn\x1b[0m", "\x1b[1m^^^^^\x1b[0m", "\x1b[31munreadable\x1b[0m"):
        assert painted in coloured


def test_the_name_of_a_rule_is_a_link_to_its_page() -> None:
    url = "https://github.com/bindguard/bindguard/blob/main/docs/rules.md#unregistered-plugin"
    assert f"\x1b]8;;{url}\x1b\\[unregistered-plugin]\x1b]8;;\x1b\\" in render(MIXED, "text", colour=True)


def test_what_only_an_administrator_can_do_stands_after_what_anybody_can() -> None:
    text = render(report(occurrence(for_admin="register it")), "text")
    assert '\n  help: registered are "passt"; admins: register it\n' in text
    assert "\n  help: admins: register it\n" in render(report(occurrence(accepted="", for_admin="register it")), "text")


def test_an_escape_sequence_from_a_manifest_is_spelled_out_even_in_colour() -> None:
    text = render(report(occurrence(message="\x1b[2J", source_line="a: \x1b[2J", column=4)), "text", colour=True)
    assert "\x1b[2J" not in text
    assert text.count(r"\x1b[2J") == 2


def test_findings_stay_in_the_order_given() -> None:
    text = render(report(occurrence("b.yaml"), occurrence("a.yaml"), occurrence("b.yaml")), "text")
    assert re.findall(r"^(\w\.yaml):", text, re.MULTILINE) == ["b.yaml", "a.yaml", "b.yaml"]


def test_a_finding_about_the_whole_object_names_it_alone() -> None:
    assert "\n  VirtualMachine web-01\n" in render(report(occurrence(path=(), namespace="")), "text")


def test_a_finding_without_help_has_no_help_line() -> None:
    assert "help:" not in render(report(occurrence(accepted="")), "text")


@pytest.mark.parametrize(
    ("what", "line"),
    [
        (CLEAN, "clean: 3 objects checked in 2 files, 2 skipped; registry: kubevirt.yaml (1 plugin), KubeVirt 1.9\n"),
        (
            INCOMPLETE,
            "incomplete (no registry was found, so 3 rules did not run): no findings; 3 objects checked in 2 files, 2 skipped; ",
        ),
        (
            EMPTY,
            "incomplete (no object was checked): no findings; 0 objects checked in 0 files, 0 skipped; ",
        ),
        (
            report(warning(), gaps=(NO_REGISTRY,)),
            "incomplete (no registry was found, so 3 rules did not run): 1 finding (0 deny, 1 warn) in 1 file; ",
        ),
        (report(occurrence(), files=1, checked=1), "1 finding (1 deny, 0 warn) in 1 file; 1 object checked in 1 file, 2 skipped; "),
        (
            report(excluded=4, baselined=1),
            "clean: 3 objects checked in 2 files, 2 skipped, 4 excluded, 1 finding left to the baseline; ",
        ),
        (
            report(occurrence(), files=0, documents=3),
            "1 finding (1 deny, 0 warn) in 1 object; 3 objects checked in the cluster, 2 skipped; ",
        ),
        (report(unreadable=(BROKEN,)), "no findings, but 1 input unreadable; 3 objects checked"),
        (
            Report((), (), (), CLEAN.counts, "none", "unknown, checked as the newest"),
            "none, KubeVirt version unknown, checked as the newest\n",
        ),
    ],
)
def test_the_summary_says_how_it_went_and_what_was_looked_at(what: Report, line: str) -> None:
    assert line in render(what, "text").splitlines(keepends=True)[-1]


def test_only_a_gap_that_fails_the_run_is_an_error_of_its_own() -> None:
    assert render(EMPTY, "text").startswith("error: incomplete: no object was checked; check the paths\nincomplete (")
    assert "error" not in render(INCOMPLETE, "text")


def test_severities_are_counted_apart() -> None:
    assert "3 findings (1 deny, 2 warn) in 1 file;" in render(report(occurrence(), warning(), warning()), "text")


def test_a_place_behind_a_cut_line_is_told_without_the_line() -> None:
    text = render(report(occurrence(column=5000)), "text")
    assert "shop/web.yaml:14:5000: deny" in text
    assert "|" not in text


def cells(text: str) -> int:
    """What a terminal does: an independent count for the few characters used here."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("name: pastt", "pastt"),
        ("\tname: pastt", "pastt"),
        ("a\tb\t: pastt", "pastt"),
        ("\u7f51\u7edc: pastt", "pastt"),
        ("name: \u7f51\u7edc", "\u7f51\u7edc"),
        ("\u7f51\t: pastt", "pastt"),
        ("e\u0301e\u0301: pastt", "pastt"),
        ("\U0001f600: pastt", "pastt"),
        ("\uff41: \uff42", "\uff42"),
        ("x" * 300 + ": pastt # " + "y" * 90, "pastt"),
        ("\u7f51" * 150 + ": pastt", "pastt"),
    ],
)
def test_the_mark_stands_exactly_under_what_is_meant(line: str, marked: str) -> None:
    shown = excerpt(line, line.index(marked) + 1, len(marked))
    assert shown is not None
    before, _, _ = shown.text.partition(marked)
    assert shown.indent == cells(before)
    assert shown.width == cells(marked)


def test_a_spelled_out_control_character_moves_the_mark_along() -> None:
    shown = excerpt("\x1b: pastt", 4, 5)
    assert shown is not None
    assert (shown.text, shown.indent, shown.width) == (r"\x1b: pastt", 6, 5)


def test_a_long_line_is_cut_on_both_sides_of_the_mark() -> None:
    shown = excerpt("x" * 200 + "pastt" + "y" * 195, 201, 5)
    assert shown is not None
    assert shown.text == "..." + "x" * 60 + "pastt" + "y" * 55 + "..."
    assert (shown.indent, shown.width) == (63, 5)


def test_a_missing_value_is_marked_behind_the_end() -> None:
    shown = excerpt("name:", 6, 1)
    assert shown is not None
    assert (shown.indent, shown.width) == (5, 1)


def test_nothing_is_shown_when_the_place_lies_behind_a_cut_line() -> None:
    assert excerpt("x" * 400, 5000, 5) is None


@given(st.text(max_size=400), st.integers(1, 500), st.integers(1, 500))
def test_any_line_gives_one_printable_line_with_a_mark(line: str, column: int, length: int) -> None:
    shown = excerpt(line, column, length)
    if column > len(line) + 1:
        assert shown is None
        return
    assert shown is not None
    assert shown.text.isprintable()
    assert shown.width >= 1


def test_a_line_whose_beginning_is_missing_says_so() -> None:
    shown = excerpt("name: pastt", 7, 5, cut=True)
    assert shown is not None
    assert shown.text == "...name: pastt"
    assert shown.text[shown.indent :] == "pastt"
