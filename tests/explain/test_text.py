import pytest

from webhook.explain import GUIDES
from webhook.explain.text import aligned, comparison, fill, paragraphs


def test_words_are_never_broken() -> None:
    assert fill("a-long-word-with-hyphens b", 10, "  ") == "  a-long-word-with-hyphens\n  b"


def test_the_second_column_is_wrapped_under_itself() -> None:
    rows = (("a", "one two three four five six"), ("long", "x"))
    assert aligned(rows, 30).splitlines() == ["  a     one two three four", "        five six", "  long  x"]


def test_lines_of_one_paragraph_are_joined_and_list_items_are_kept_apart() -> None:
    assert paragraphs("one\ntwo\n\nthree:\n- a\n  b\n- c") == ["one two", "", "three:", "- a b", "- c"]


@pytest.mark.parametrize("width", [76, 80, 120, 140])
def test_the_bindings_are_compared_in_one_table_where_the_width_allows_it(width: int) -> None:
    header, rule, *rows = comparison(GUIDES, width, str).splitlines()
    assert header.split() == [guide.name for guide in GUIDES]
    starts = [header.index(guide.name) for guide in GUIDES]
    assert [rule[start - 1 : start + 1] for start in starts] == [" -"] * len(GUIDES)
    assert all(row[start - 2 : start].strip() == "" for row in rows for start in starts)


@pytest.mark.parametrize("width", [40, 60, 75])
def test_the_bindings_are_compared_in_a_block_each_where_it_is_narrow(width: int) -> None:
    blocks = comparison(GUIDES, width, str).split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == [guide.name for guide in GUIDES]
    assert all("live migration" in block for block in blocks)


@pytest.mark.parametrize("width", range(40, 141))
def test_a_comparison_is_never_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in comparison(GUIDES, width, str).splitlines()) <= width


def test_bold_headings_do_not_change_the_alignment() -> None:
    shown = comparison(GUIDES, 80, lambda text: f"\x1b[1m{text}\x1b[0m")
    assert shown.replace("\x1b[1m", "").replace("\x1b[0m", "") == comparison(GUIDES, 80, str)
