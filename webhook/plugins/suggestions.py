"""Suggest the known name that is nearest to a mistyped one, in bounded time."""

import heapq
from collections.abc import Collection

from webhook.kube.text import quoted

GUESS = "; did you mean "
MAX_EDITS = 3
MAX_NAME_LENGTH = 63
"""Longer names are not compared, because the time grows with the product of the lengths."""
MAX_COMPARED = 8
"""Maximum number of names to compare letter by letter: those with the most similar set of letters."""
MAX_GUESSES = 5
"""Maximum number of names per object that get a suggestion; an object with more unknown names is not mistyped."""
MAX_CHARACTERS = 100_000
"""Maximum number of characters to compare for one object; this takes a few milliseconds."""
_MIN_LENGTH = 16
"""The cost of a shorter name, in characters."""


def distance(left: str, right: str, limit: int) -> int:
    """The number of insertions, deletions, substitutions and swaps of neighbours between two names; `limit + 1` when above `limit`.

    This is the optimal string alignment distance. Only cells within `limit` of the diagonal are computed, because all others are above
    the limit; it stops at the first row in which all cells are above it.
    """
    beyond = limit + 1
    if abs(len(left) - len(right)) > limit:
        return beyond
    before: list[int] = []
    row = [min(j, beyond) for j in range(len(right) + 1)]
    for i, a in enumerate(left, 1):
        before, above, row = row, before, [beyond] * (len(right) + 1)
        if i <= limit:
            row[0] = i
        for j in range(max(1, i - limit), min(len(right), i + limit) + 1):
            b = right[j - 1]
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if above and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, above[j - 2] + 1)
            row[j] = cost
        if min(row) > limit:
            return beyond
    return min(row[-1], beyond)


class Guesses:
    """Suggestions for the names in one object. Each is computed once, and their number and time are limited."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, int], tuple[str, Collection[str]]] = {}
        self._left = MAX_CHARACTERS

    def meant(self, name: str, known: Collection[str]) -> str:
        """The end of a message about an unknown name; empty without a suggestion or above the limit. `known` must not change."""
        key = (name, id(known))
        made = self._made.get(key)
        if made is None:
            work = _characters(name, known)
            if len(self._made) >= MAX_GUESSES or work > self._left:
                return ""
            self._left -= work
            made = self._made[key] = meant(name, known), known  # which `known` is kept so that no other collection gets its id
        return made[0]


def _characters(name: str, known: Collection[str]) -> int:
    """The maximum number of characters that one suggestion compares: all known names, and the tables of the likely ones."""
    if len(name) > MAX_NAME_LENGTH:
        return 0
    return max(len(name), _MIN_LENGTH) * len(known) + MAX_COMPARED * len(name) * (2 * MAX_EDITS + 1)


def meant(name: str, known: Collection[str]) -> str:
    """The end of a message about an unknown name: `; did you mean "that"?`, or empty without a near name."""
    guess = nearest(name, known)
    return f"{GUESS}{quoted(guess)}?" if guess is not None else ""


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that `name` was probably meant to be, or `None` when none is near.

    A name that differs only in case wins; otherwise a third of the letters may differ, at least one and at most three. Of
    equally near names, the first in sorted order is suggested; the empty name never is.
    """
    if len(name) > MAX_NAME_LENGTH:
        return None
    folded = name.casefold()
    limit = min(MAX_EDITS, max(1, len(name) // 3))
    letters = set(folded)
    likely: list[tuple[int, str]] = []
    for candidate in known:
        if not candidate or abs(len(candidate) - len(name)) > limit:
            continue
        other = candidate.casefold()
        if other == folded:
            return candidate
        unlike = len(letters.symmetric_difference(other))
        if unlike <= 2 * limit:
            likely.append((unlike, candidate))
    compared = [(distance(folded, each.casefold(), limit), each) for _, each in heapq.nsmallest(MAX_COMPARED, likely)]
    best = min(compared, default=(limit + 1, ""))
    return best[1] if best[0] <= limit else None
