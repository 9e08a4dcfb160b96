"""A wait ends when it should, however often it was moved, and costs few timers."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any, cast

from webhook.http.idle_timer import IdleTimer


class Clock:
    """A loop whose time is told: what of it a wait needs."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[asyncio.TimerHandle] = []

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return cast("asyncio.AbstractEventLoop", self)

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self.loop, context)
        self.timers.append(timer)
        return timer

    def get_debug(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self.timers.remove(handle)

    def pass_to(self, now: float) -> None:
        while self.timers and (timer := min(self.timers, key=asyncio.TimerHandle.when)).when() <= now:
            self.timers.remove(timer)
            self.now = timer.when()
            timer._run()
        self.now = now


def waiting() -> tuple[Clock, IdleTimer, list[float]]:
    """A clock, a wait and the times at which the wait ended."""
    clock, ended = Clock(), list[float]()
    return clock, IdleTimer(clock.loop, lambda: ended.append(clock.now)), ended


def test_a_wait_ends_once_and_on_time() -> None:
    clock, idle_timer, ended = waiting()
    idle_timer.start(5)
    assert idle_timer.runs
    clock.pass_to(100)
    assert ended == [5]
    assert not idle_timer.runs


def test_a_wait_that_is_stopped_does_not_end() -> None:
    clock, idle_timer, ended = waiting()
    idle_timer.start(5)
    idle_timer.stop()
    clock.pass_to(100)
    assert (ended, clock.timers) == ([], [])


def test_a_later_wait_takes_the_place_of_an_earlier_one() -> None:
    clock, idle_timer, ended = waiting()
    idle_timer.start(5)
    clock.pass_to(3)
    idle_timer.start(120)
    clock.pass_to(200)
    assert ended == [123]


def test_a_shorter_wait_takes_the_place_of_a_longer_one() -> None:
    clock, idle_timer, ended = waiting()
    idle_timer.start(120)
    idle_timer.start(5)
    clock.pass_to(200)
    assert ended == [5]


def test_a_thousand_waits_within_a_second_take_one_timer() -> None:
    clock, idle_timer, ended = waiting()
    for number in range(1000):
        clock.pass_to(number / 1000)
        idle_timer.start(5)
        idle_timer.stop()
        idle_timer.start(120)
    assert len(clock.timers) == 1
    clock.pass_to(500)
    assert ended == [120.999]


def test_after_the_end_nothing_is_left() -> None:
    clock, idle_timer, ended = waiting()
    idle_timer.start(5)
    idle_timer.end()
    assert (clock.timers, ended, idle_timer.runs) == ([], [], False)


def test_who_waited_is_let_go_at_the_end_without_the_garbage_collector() -> None:
    class Owner:
        def __init__(self) -> None:
            self.idle_timer = IdleTimer(Clock().loop, self.over)

        def over(self) -> None:
            """Nothing."""

    gc.disable()
    try:
        owner = Owner()
        owner.idle_timer.start(5)
        owner.idle_timer.end()
        gone = weakref.ref(owner)
        del owner
        assert gone() is None
    finally:
        gc.enable()
