import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.report.excerpt import excerpt


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
