"""Backoff for a repair that another controller keeps undoing."""

_FIRST_SECONDS = 5.0
_MAX_SECONDS = 300.0
_RESET_SECONDS = 900.0


class RepairBackoff:
    """Exponential backoff: no pause, then 5 s, 10 s and so on up to a limit; starts again after 15 minutes without a repair."""

    def __init__(self, *, longest_seconds: float = _MAX_SECONDS) -> None:
        """Start without a pause; `longest_seconds` limits the pause."""
        self._longest = longest_seconds
        self._last = float("-inf")
        self._pause = 0.0

    def left(self, now: float) -> float:
        """Seconds until the next repair is allowed; `now` is the time of a monotonic clock, in seconds."""
        return max(0.0, self._last + self._pause - now)

    def done(self, now: float) -> None:
        """Record a repair at `now`."""
        self._pause = _FIRST_SECONDS if self.is_calm(now) else min(2 * self._pause, self._longest)
        self._last = now

    def is_calm(self, now: float) -> bool:
        """Whether there was no repair in the last 15 minutes."""
        return now - self._last > _RESET_SECONDS
