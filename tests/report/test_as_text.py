import re

import pytest

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
from webhook.report.findings import Report

GOLDEN = """\
shop/web.yaml:14:21: deny  unregistered-plugin
  no binding plugin named "pastt" is registered; did you mean "passt"?
  VirtualMachine shop/web-01, spec.template.spec.domain.devices.interfaces[0].binding.name
    14 |               name: pastt
       |                     ^^^^^
  help: registered are "passt"

b.json:1200:2: warn  no-binding
  no binding
  VirtualMachine shop/web-01, spec.template.spec.domain.devices.interfaces[0]
  1200 |               name: pastt
       |  ^^^^^
  help: set one

broken.yaml:3:1: unreadable  a tab may not indent; use spaces
secret.yaml: unreadable  permission denied
input: unreadable  no input

note: no version given
2 findings (1 deny, 1 warn) in 2 files, 3 inputs unreadable; 3 objects checked in 2 files, 2 skipped; \
registry: kubevirt.yaml (1 plugin), KubeVirt 1.9
"""


def test_a_report_reads_exactly_like_this() -> None:
    what = report(occurrence(), warning("b.json", line=1200, column=2), unreadable=(BROKEN, SECRET, NAMELESS), notes=("no version given",))
    assert render(what, "text") == GOLDEN


def test_colour_adds_nothing_but_colour() -> None:
    coloured = render(MIXED, "text", colour=True)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == render(MIXED, "text")
    for painted in ("\x1b[31mdeny\x1b[0m", "\x1b[33mwarn\x1b[0m", "\x1b[1m^^^^^\x1b[0m", "\x1b[31munreadable\x1b[0m"):
        assert painted in coloured


def test_an_escape_sequence_from_a_manifest_is_spelled_out_even_in_colour() -> None:
    text = render(report(occurrence(message="\x1b[2J", source_line="a: \x1b[2J", column=4)), "text", colour=True)
    assert "\x1b[2J" not in text
    assert text.count(r"\x1b[2J") == 2


def test_findings_stay_in_the_order_given() -> None:
    text = render(report(occurrence("b.yaml"), occurrence("a.yaml"), occurrence("b.yaml")), "text")
    assert re.findall(r"^(\w\.yaml):", text, re.MULTILINE) == ["b.yaml", "a.yaml", "b.yaml"]


def test_a_finding_about_the_whole_object_names_it_alone() -> None:
    assert "\n  VirtualMachine web-01\n" in render(report(occurrence(path=(), namespace="")), "text")


def test_a_finding_without_remedy_has_no_accepted_line() -> None:
    assert "accepted" not in render(report(occurrence(accepted="")), "text")


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
