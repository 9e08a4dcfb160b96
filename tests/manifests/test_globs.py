"""Patterns match what they say, and none of them, however it is made, takes longer than the path is long, about."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.manifests.globs import exclusion, full_match

NAMES = st.text("ab.", min_size=1, max_size=4)
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)
PARTS = st.just("**") | st.text("ab.*?", min_size=1, max_size=5).filter(lambda part: "**" not in part)
PATTERNS = st.lists(PARTS, min_size=1, max_size=5).map("/".join)


def matches(pattern: list[str], path: list[str]) -> bool:
    """The meaning, by trying everything."""
    if not pattern:
        return not path
    if pattern[0] != "**":
        return bool(path) and fnmatch.fnmatchcase(path[0], pattern[0]) and matches(pattern[1:], path[1:])
    if len(pattern) == 1:
        return bool(path)
    return any(matches(pattern[1:], path[start:]) for start in range(len(path) + 1))


@given(PATTERNS, PATHS)
def test_a_pattern_stands_for_what_trying_everything_finds(pattern: str, path: str) -> None:
    assert (full_match(pattern).match(path) is not None) == matches(pattern.split("/"), path.split("/"))


@given(PATTERNS, PATHS)
def test_an_exclusion_holds_for_a_path_and_all_below_it_at_any_depth(pattern: str, path: str) -> None:
    compiled = exclusion([pattern])
    assert compiled is not None
    parts = path.split("/")
    expected = any(matches(["**", *pattern.split("/")], parts[:end]) for end in range(1, len(parts) + 1))
    assert (compiled.match(path) is not None) == expected


@pytest.mark.parametrize(
    "pattern",
    ["**/" * 300 + "x", "**/a/" * 300 + "x", "*a" * 500 + "x", "*?" * 500, "a*" * 500 + "x", "[" * 50_000, "**/*a*a*a*a/" * 50 + "x"],
)
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    compiled = exclusion([pattern])
    assert isinstance(compiled, re.Pattern)
    for path in ("a" * 255, "a/" * 500 + "b", f"{'a' * 60}/" * 60 + "b"):
        compiled.match(path)  # with the wildcards tried in all combinations, this would take longer than the universe is old
