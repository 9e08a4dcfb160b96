"""Finding what is there twice in a list."""

from collections.abc import Iterable, Iterator


def repeats(names: Iterable[str | None]) -> Iterator[tuple[int, int]]:
    """Each place whose name was there before: its index, and that of the first with the name; `None` is the empty name."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        earlier = first.setdefault(name or "", index)
        if earlier != index:
            yield index, earlier
