"""The known name that is nearest to a mistyped one; the time is bounded for hostile names too."""

import heapq
from collections.abc import Collection

from webhook.kube.text import quoted

GUESS = "; did you mean "
MAX_EDITS = 3
MAX_NAME_LENGTH = 63
"""Longer names are neither guessed nor guessed for: comparing costs the product of the lengths."""
MAX_COMPARED = 8
"""Only so many names, those made of the most similar letters, are compared letter by letter."""
MAX_GUESSES = 5
"""For so many distinct names of one object there is a guess: who writes more has not mistyped them."""
MAX_CHARACTERS = 100_000
"""So many characters are compared for all guesses about one object, which takes a few milliseconds."""
_AS_LONG = 16
"""Looking at a shorter name costs as much as comparing so many characters."""


def distance(left: str, right: str, limit: int) -> int:
    """The number of insertions, deletions, substitutions and swaps of neighbours between two names; `limit + 1` when above `limit`.

    This is the optimal string alignment distance. Of its table only the cells within `limit` of the diagonal are looked at, as all others
    are above it, and no further row once one is above it.
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
    """Guesses about the names in one object: each is made once, and at some point no more, whatever the object holds."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, int], tuple[str, Collection[str]]] = {}
        self._left = MAX_CHARACTERS

    def meant(self, name: str, known: Collection[str]) -> str:
        """What a message about an unknown name ends with; nothing where there were enough guesses. `known` does not change meanwhile."""
        key = (name, id(known))
        made = self._made.get(key)
        if made is None:
            work = _characters(name, known)
            if len(self._made) >= MAX_GUESSES or work > self._left:
                return ""
            self._left -= work
            made = self._made[key] = meant(name, known), known  # which keeps the id from being given to another collection
        return made[0]


def _characters(name: str, known: Collection[str]) -> int:
    """How many characters a guess compares at most: those of the names looked at, and the cells of the tables of the likely ones."""
    if len(name) > MAX_NAME_LENGTH:
        return 0
    return max(len(name), _AS_LONG) * len(known) + MAX_COMPARED * len(name) * (2 * MAX_EDITS + 1)


def meant(name: str, known: Collection[str]) -> str:
    """What a message about an unknown name ends with: `; did you mean "that"?`, or nothing where `nearest` has no guess."""
    guess = nearest(name, known)
    return f"{GUESS}{quoted(guess)}?" if guess is not None else ""


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that `name` was probably meant to be, or `None` when none is near.

    A name that differs only in case wins; otherwise a third of the letters may differ, at least one and at most three. Ties go to the
    first in sorted order. The empty name is never meant.
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
