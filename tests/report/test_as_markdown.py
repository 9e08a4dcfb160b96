import pytest

from tests.report.builders import BROKEN, CLEAN, EMPTY, FIELD_TEXT, HOSTILE, INCOMPLETE, MIXED, hostile, occurrence, render, report, warning
from tests.report.readers import read_markdown
from webhook.errors import UnreadableError
from webhook.report.as_markdown import MAX_CHARACTERS


def test_a_finding_is_a_row() -> None:
    [row] = read_markdown(render(report(occurrence()), "markdown"))
    severity, place, about, message, help_ = row
    assert severity == ":x: deny"
    assert place == "shop/web.yaml:14:21"
    assert about == f"VirtualMachine shop/web-01, {FIELD_TEXT}"
    assert message.startswith('no binding plugin named "pastt" is registered; did you mean "passt"? [unregistered-plugin](https://')
    assert help_ == 'registered are "passt"'


def test_the_heading_counts_what_was_found() -> None:
    assert render(report(occurrence(), warning()), "markdown").startswith("### Bindguard: 2 findings (1 deny, 1 warn)\n")
    assert render(CLEAN, "markdown").startswith("### Bindguard: no findings\n")
    assert render(EMPTY, "markdown").startswith("### Bindguard: incomplete\n")
    assert render(report(unreadable=(BROKEN,)), "markdown").startswith("### Bindguard: input cannot be read\n")


def test_unreadable_input_gaps_and_notes_are_listed_below() -> None:
    text = render(MIXED, "markdown")
    assert "- :x: broken\\.yaml\\:3\\:1\\: a tab may not indent; use spaces\n" in text
    assert "- no version given\n" in text
    assert "- :warning: incomplete\\: no registry was found" in render(INCOMPLETE, "markdown")


def test_a_report_fits_into_one_comment_and_counts_what_is_left_out() -> None:
    text = render(report(*(occurrence(line=line) for line in range(1, 1001))), "markdown")
    shown = len(read_markdown(text))
    assert len(text) <= MAX_CHARACTERS
    assert 0 < shown < 1000
    assert f"- {1000 - shown} more findings left out here: see the log of the job\n" in text


def test_texts_that_grow_when_escaped_leave_room_for_findings() -> None:
    unreadable = tuple(UnreadableError("@" * 5000) for _ in range(30))
    text = render(report(occurrence(), unreadable=unreadable, notes=("<" * 5000,) * 30), "markdown")
    assert len(text) <= MAX_CHARACTERS
    assert len(read_markdown(text)) == 1
    assert text.endswith("</sub>\n")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_no_markup(text: str) -> None:
    rendered = render(report(hostile(text), notes=(text,)), "markdown")
    assert len(read_markdown(rendered)) == 1
    assert len(rendered) <= MAX_CHARACTERS


@pytest.mark.parametrize(
    "text", ["@admin", "http://evil.example", "www.evil.example", "#1", "a|b", "**x**", "<img src=x>", "[a](b)", "`x`", "$x$", "!1", "%2"]
)
def test_names_link_mention_and_break_nothing(text: str) -> None:
    rendered = render(report(occurrence(message=text)), "markdown")
    [row] = read_markdown(rendered)
    assert row[3].startswith(text)
    assert f" {text} " not in rendered
