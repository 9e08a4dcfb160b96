import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.plugins.suggestions import MAX_CHARACTERS, MAX_GUESSES, Guesses, distance, nearest

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


def test_names_that_are_too_long_are_not_compared() -> None:
    assert nearest("a" * 64, ["a" * 63, "A" * 64]) is None


def test_a_name_of_the_longest_length_is_led_back() -> None:
    assert nearest("a" * 63, ["b", "a" * 62 + "b"]) == "a" * 62 + "b"


def full_distance(left: str, right: str) -> int:
    """The whole table, as textbooks have it."""
    table = [[i + j if i == 0 or j == 0 else 0 for j in range(len(right) + 1)] for i in range(len(left) + 1)]
    for i in range(1, len(left) + 1):
        for j in range(1, len(right) + 1):
            same = left[i - 1] == right[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and left[i - 1] == right[j - 2] and left[i - 2] == right[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(names, names, st.integers(0, 8))
def test_looking_at_few_cells_only_is_the_whole_distance_up_to_the_limit(left: str, right: str, limit: int) -> None:
    assert distance(left, right, limit) == min(full_distance(left, right), limit + 1)


def test_about_one_object_a_handful_of_names_is_guessed_and_the_same_name_as_often_as_it_comes() -> None:
    guesses, known = Guesses(), [f"net-{number}" for number in range(100)]
    told = [guesses.meant(f"nett-{number}", known) for number in range(MAX_GUESSES + 3)]
    assert told == [f'; did you mean "net-{number}"?' for number in range(MAX_GUESSES)] + [""] * 3
    assert guesses.meant("nett-0", known) == told[0]
    assert guesses.meant("nett-0", ["nett-1"]) == ""


def test_guesses_end_when_enough_characters_were_compared() -> None:
    many = [f"net-{number:012}" for number in range(MAX_CHARACTERS // 16)]
    assert Guesses().meant("net-00000000000x", many) == ""
    half, guesses = many[: len(many) // 2], Guesses()
    assert [bool(guesses.meant(f"net-00000000000{end}", half)) for end in "xyz"] == [True, False, False]
    assert guesses.meant("pastt", ["passt"]) == '; did you mean "passt"?'


def test_the_same_name_is_guessed_for_each_collection_by_itself() -> None:
    guesses = Guesses()
    assert guesses.meant("pastt", ["passt"]) == '; did you mean "passt"?'
    assert guesses.meant("pastt", ["past"]) == '; did you mean "past"?'
    assert guesses.meant("pastt", []) == ""
