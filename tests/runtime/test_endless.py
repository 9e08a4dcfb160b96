"""A server's start, and what is to run for as long as it does: whichever of that ends, and however, it does not live on without it."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from webhook.errors import UsageError
from webhook.runtime.lifecycle import stop_signal, wait_until_ready


async def never() -> Any:
    await asyncio.Event().wait()


async def at_once() -> None:
    """Nothing to do."""


async def failing() -> None:
    raise LookupError("a mistake")


async def refused() -> None:
    raise UsageError("the port is taken")


async def told() -> signal.Signals:
    return signal.SIGTERM


def reason(
    *endless: Callable[[], Awaitable[None]],
    told: Callable[[], Awaitable[signal.Signals]] = never,
    opening: Callable[[], Awaitable[None]] = at_once,
) -> str:
    async def waited() -> str:
        tasks = [asyncio.ensure_future(each()) for each in endless]
        return await stop_signal(asyncio.ensure_future(told()), asyncio.ensure_future(opening()), tasks)

    return asyncio.run(waited())


def test_a_signal_ends_a_server_in_which_all_is_well() -> None:
    with capture_logs() as logs:
        assert reason(never, never, told=told) == "SIGTERM"
    assert logs == []


@pytest.mark.parametrize("opening", [at_once, never])
@pytest.mark.parametrize(("ended", "what"), [(failing, LookupError), (at_once, RuntimeError)])
def test_something_endless_that_ends_is_told_and_ends_the_server(
    ended: Callable[[], Awaitable[None]], what: type[Exception], opening: Callable[[], Awaitable[None]]
) -> None:
    with capture_logs() as logs:
        assert reason(never, ended, opening=opening) == ""
    [line] = logs
    assert (line["event"], line["log_level"]) == ("cannot go on", "critical")
    assert isinstance(line["exc_info"], what)


def test_something_endless_that_is_cancelled_by_whomever_ends_the_server_too() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with capture_logs() as logs:
        assert reason(cancelled) == ""
    assert [line["event"] for line in logs] == ["cannot go on"]


def test_a_server_that_cannot_open_ends_with_the_reason() -> None:
    with pytest.raises(UsageError):
        reason(never, opening=refused)


@pytest.mark.parametrize(("ago", "level"), [(0, "info"), (3600, "warning")])
def test_why_a_server_is_not_ready_is_told_once_and_is_no_trouble_at_its_start(ago: float, level: str) -> None:
    answers = iter(["not listed yet", "not listed yet", None])

    async def registry() -> str | None:
        return next(answers)

    with capture_logs() as logs:
        asyncio.run(wait_until_ready({"registry": registry}, time.monotonic() - ago))
    assert logs == [{"event": "not ready", "reasons": {"registry": "not listed yet"}, "log_level": level}]
