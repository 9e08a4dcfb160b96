"""What was meant: the known name nearest to a mistyped one, found within bounds that hostile names cannot stretch."""

import heapq
from collections.abc import Collection

from webhook.kube.text import quoted

MOST_EDITS = 3
LONGEST_NAME = 63
"""Longer names get no guess, only a match by case: comparing costs the product of the lengths."""
MOST_COMPARED = 16
"""Only so many names, those made of the most similar letters, are compared letter by letter."""
MOST_LOOKED_AT = 100_000
"""How many names are looked at for all guesses about one object: a tenth of a second. Where more would be, there is no guess at all."""


def distance(left: str, right: str, limit: int) -> int:
    """The number of insertions, deletions, substitutions and swaps of neighbours between two names; `limit + 1` when above `limit`.

    This is the optimal string alignment distance; cost is len(left) * len(right), cut short once a row is above the limit.
    """
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, above, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if above and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def meant(name: str, known: Collection[str], *, guesses: int = 1) -> str:
    """What a message about an unknown name ends with: `; did you mean "that"?`, or nothing where `nearest` has no guess."""
    guess = nearest(name, known, guesses=guesses)
    return f"; did you mean {quoted(guess)}?" if guess is not None else ""


def nearest(name: str, known: Collection[str], *, guesses: int = 1) -> str | None:
    """The known name that `name` was probably meant to be, or `None` when none is near.

    A name that differs only in case wins; otherwise a third of the letters may differ, at least one and at most three. Ties go to the
    first in sorted order. The empty name is never meant. `guesses` is how often the caller may come to ask about one object.
    """
    if guesses * len(known) > MOST_LOOKED_AT:
        return None
    folded = name.casefold()
    limit = min(MOST_EDITS, max(1, len(name) // 3))
    letters = set(folded)
    likely: list[tuple[int, str]] = []
    for candidate in known:
        other = candidate.casefold()
        if other == folded:
            return candidate
        unlike = len(letters.symmetric_difference(other)) if len(other) <= LONGEST_NAME else 2 * limit + 1
        if candidate and unlike <= 2 * limit and abs(len(other) - len(folded)) <= limit:
            likely.append((unlike, candidate))
    if len(name) > LONGEST_NAME:
        return None
    compared = [(distance(folded, each.casefold(), limit), each) for _, each in heapq.nsmallest(MOST_COMPARED, likely)]
    best = min(compared, default=(limit + 1, ""))
    return best[1] if best[0] <= limit else None
