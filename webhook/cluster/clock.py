"""Time, waiting and chance as one value, which a test brings along in place of the real ones."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple


class Clock(NamedTuple):
    """What tells the time and waits.

    Attributes:
        now: Seconds of a clock that never jumps.
        sleep: Waits so many seconds.
        chance: Any number from 0 up to 1.
        wall: Unix time.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    wall: Callable[[], float] = time.time

    def utc(self) -> datetime:
        """The date and time, with its time zone."""
        return datetime.fromtimestamp(self.wall(), UTC)


CLOCK = Clock()
"""The real one."""
