"""Time, sleeping and randomness as one value, so that tests can replace them."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple


class Clock(NamedTuple):
    """Time, sleeping and randomness.

    Attributes:
        now: The monotonic clock, in seconds.
        sleep: Sleeps for a number of seconds.
        chance: A random number from 0 up to 1.
        wall: Unix time, in seconds.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    wall: Callable[[], float] = time.time

    def utc(self) -> datetime:
        """The date and time in UTC."""
        return datetime.fromtimestamp(self.wall(), UTC)


CLOCK = Clock()
"""The clock of the machine."""
