import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.plugins.nearest import MOST_LOOKED_AT, distance, nearest

names = st.text("abcdef", max_size=8)


@pytest.mark.parametrize(
    ("left", "right", "steps"),
    [
        ("passt", "passt", 0),
        ("passt", "pastt", 1),
        ("passt", "past", 1),
        ("passt", "passtt", 1),
        ("passt", "apsst", 1),
        ("slirp", "slip", 1),
        ("slirp", "silpr", 2),
        ("", "abc", 3),
        ("kitten", "sitting", 3),
    ],
)
def test_the_distance_counts_insertions_deletions_substitutions_and_swaps(left: str, right: str, steps: int) -> None:
    assert distance(left, right, 10) == steps


def test_beyond_the_limit_the_distance_is_not_counted_out() -> None:
    assert distance("macvtap", "passt", 2) == 3
    assert distance("a", "a" * 1_000_000, 2) == 3
    assert distance("aaaa", "bbbb", 2) == 3


@given(names, names)
def test_the_distance_is_the_same_from_either_side(left: str, right: str) -> None:
    assert distance(left, right, 20) == distance(right, left, 20)
    assert (distance(left, right, 20) == 0) == (left == right)


@given(names, names, st.integers(0, 8))
def test_a_limit_never_changes_a_distance_within_it_nor_hides_one_above_it(left: str, right: str, limit: int) -> None:
    assert min(distance(left, right, limit), limit + 1) == min(distance(left, right, 20), limit + 1)


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("pastt", ["macvtap", "passt", "slirp"], "passt"),
        ("PASST", ["past", "Passt"], "Passt"),
        ("Pastt", ["passt"], "passt"),
        ("vdpa", ["vdpa-v2"], None),
        ("xyz", ["passt"], None),
        ("a", ["b"], "b"),
        ("", ["passt"], None),
        ("passt", [], None),
    ],
)
def test_a_mistyped_name_is_led_back_to_what_was_meant(name: str, known: list[str], meant: str | None) -> None:
    assert nearest(name, known) == meant


def test_the_nearest_name_wins_over_a_near_one() -> None:
    assert nearest("macvtapp", ["macvlan", "macvtap", "macvta"]) == "macvtap"


def test_a_tie_goes_to_the_first_in_sorted_order_whatever_the_order_of_the_names() -> None:
    assert nearest("net-x", ["net-b", "net-a"]) == nearest("net-x", ["net-a", "net-b"]) == "net-a"


def test_the_empty_name_is_never_meant() -> None:
    assert nearest("a", [""]) is None


def test_there_is_no_guess_where_guessing_would_take_the_square_of_an_object_s_size() -> None:
    assert nearest("pastt", ["passt"], guesses=MOST_LOOKED_AT) == "passt"
    assert nearest("pastt", ["passt"], guesses=MOST_LOOKED_AT + 1) is None
