"""A clock that does not wait."""

import asyncio

from webhook.cluster.clock import Clock


class Time:
    """It stands still until somebody waits or the test moves it on; what was waited for is in `waited`."""

    def __init__(self, *, chance: float = 1.0, wall: float = 0.0) -> None:
        """`wall` is the Unix time at its beginning."""
        self.now = self._began = 1000.0
        self.waited: list[float] = []
        self._chance = chance
        self._wall = wall

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep, lambda: self._chance, lambda: self._wall + self.now - self._began)

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds
        await asyncio.sleep(0.002)  # others get their turn, and a failing loop does not spin
