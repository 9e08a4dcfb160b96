"""Everything that can be reached from a state, breadth first: so the way to what is wrong is a shortest one."""

from collections import deque
from typing import NamedTuple

from tests.runtime.certificate.rotation.world import State, World, normal


class Explored(NamedTuple):
    """How many states there are, how many steps lead from one to another, and what is wrong in one of them with the way to it."""

    states: int
    steps: int
    wrong: str | None
    way: tuple[str, ...]


def explore(world: World, start: State, *, most: int = 2_000_000) -> Explored:
    """All of it, or up to the first state in which something is wrong."""
    first = normal(start)
    came: dict[State, tuple[State, str] | None] = {first: None}
    ahead, steps = deque([first]), 0
    while ahead:
        state = ahead.popleft()
        for name, raw in world.after(state):
            steps += 1
            after = normal(raw)
            if after in came:
                continue
            came[after] = (state, name)
            wrong = world.wrong(after)
            if wrong is not None:
                return Explored(len(came), steps, wrong, _way(came, after))
            ahead.append(after)
        assert len(came) <= most, "more states than there should be: is something counted up without end?"
    return Explored(len(came), steps, None, ())


def _way(came: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    names: list[str] = []
    while (before := came[state]) is not None:
        state, name = before
        names.append(name)
    return tuple(reversed(names))
