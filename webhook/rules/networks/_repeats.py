"""Finds repeated names in a list."""

from collections.abc import Iterable, Iterator


def repeats(names: Iterable[str | None]) -> Iterator[tuple[int, int]]:
    """The index of each repeated name, and the index of its first use; `None` is the empty name."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        earlier = first.setdefault(name or "", index)
        if earlier != index:
            yield index, earlier
