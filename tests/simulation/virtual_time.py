"""An event loop without waiting: when nothing can run, its time jumps to the next timer. No sockets, no threads, always the same order."""

import asyncio
import contextlib
import selectors
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any
from unittest import mock

EPOCH = 1_800_000_000.0
"""Unix time at which every simulation begins."""

_AHEAD: ContextVar[Callable[[], float]] = ContextVar("ahead", default=lambda: 0.0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop of one simulation; it begins at second 1000 of its clock."""

    def __init__(self) -> None:
        self._virtual = 1000.0
        super().__init__(_Jumping(self))
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Seconds of the virtual clock."""
        return self._virtual

    def jump(self, seconds: float | None) -> None:
        """Go on to the next timer; `RuntimeError` where there is none: everything waits for something that cannot come."""
        if seconds is None:
            raise RuntimeError("the simulation stands still: nothing can run, and nothing is waited for in time")
        self._virtual += max(0.0, seconds)

    def run_in_executor(self, executor: object, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override] # noqa: ARG002 - as in asyncio
        """Run it here and now: a thread would bring chance into the order."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - raised where the result is awaited
            future.set_exception(error)
        return future


class _Jumping(selectors.SelectSelector):
    """Waits for no file: nothing in a simulation has one."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop.jump(timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return super().get_map() or {}


@contextlib.contextmanager
def going_by(loop: VirtualLoop) -> Iterator[None]:
    """Have `time.monotonic` and `time.time` tell the loop's time: what answers reviews goes by these."""
    with mock.patch.multiple(time, monotonic=loop.time, time=lambda: EPOCH + loop.time() + _AHEAD.get()()):
        yield


def on_a_machine(ahead: Callable[[], float]) -> None:
    """This task, and those that it begins, have a wall clock that is ahead by so many seconds."""
    _AHEAD.set(ahead)
