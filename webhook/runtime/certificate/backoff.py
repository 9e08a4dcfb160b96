"""How often a thing is done again that somebody else keeps undoing."""

_FIRST_SECONDS = 5.0
_MAX_SECONDS = 300.0
_CALM_SECONDS = 900.0


class RepairBackoff:
    """At once, then not before 5 s are over, then 10, and so on up to 300; after a quarter of an hour of calm at once again."""

    def __init__(self, *, longest_seconds: float = _MAX_SECONDS) -> None:
        self._longest = longest_seconds
        self._last = float("-inf")
        self._pause = 0.0

    def left(self, now: float) -> float:
        """Seconds until it may be done; `now` is of a clock that never jumps."""
        return max(0.0, self._last + self._pause - now)

    def done(self, now: float) -> None:
        """It was done."""
        self._pause = _FIRST_SECONDS if self.is_calm(now) else min(2 * self._pause, self._longest)
        self._last = now

    def is_calm(self, now: float) -> bool:
        """Whether it has not been done for long."""
        return now - self._last > _CALM_SECONDS
