"""What was meant: the known name nearest to a mistyped one."""

from collections.abc import Iterable


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


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be, or `None` when none is near.

    A name that differs only in case wins; otherwise a third of the letters (at least one) may differ. Ties go to the first in sorted order.
    """
    best, best_distance = None, max(1, len(name) // 3) + 1
    folded = name.casefold()
    for candidate in sorted(known):
        if candidate.casefold() == folded:
            return candidate
        found = distance(folded, candidate.casefold(), best_distance - 1)
        if found < best_distance:
            best, best_distance = candidate, found
    return best
