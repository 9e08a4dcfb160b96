"""Stories about an API server's client: told to their end on an event loop, within bounds, with nothing left open."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import TypeVar

from tests.cluster.fake_api import FakeApi
from webhook.cluster.api import ApiServer

T = TypeVar("T")

PATIENCE = 30.0


def run(api: FakeApi, story: Callable[[ApiServer], Awaitable[T]]) -> T:
    """What a story about a client of the fake comes to; one that hangs fails."""
    return run_with(api.connection, story)


def run_with(client: Callable[[], ApiServer], story: Callable[[ApiServer], Awaitable[T]]) -> T:
    """The same with another client, which is made inside the event loop."""

    async def bounded() -> T:
        server = client()
        try:
            async with asyncio.timeout(PATIENCE):
                return await story(server)
        finally:
            await server.close()

    return asyncio.run(bounded())


@contextlib.asynccontextmanager
async def running(server: ApiServer, endless: Coroutine[object, None, None]) -> AsyncIterator[None]:
    """Have something run that must not end while the block does; the client that it uses is closed after it."""
    task = asyncio.create_task(endless)
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await server.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something that will come to hold."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in other tasks, and in the fake's thread
            await asyncio.sleep(0.001)
