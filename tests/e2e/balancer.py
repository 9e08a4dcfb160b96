"""One address in front of several servers, as a Service is: connections go to those that are ready, and are left alone afterwards."""

import asyncio
import contextlib
import random
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from tests.runtime.server import Server

_PROBE_SECONDS = 0.05
_CHUNK = 64 * 1024


class Balancer:
    """Listens from entering the block to leaving it. Who is ready is asked of each server's own /readyz, as a kubelet does."""

    def __init__(self) -> None:
        self._servers: list[Server] = []
        self._ready: list[tuple[str, int]] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._started = threading.Event()
        self.port = 0

    def add(self, server: Server) -> None:
        """Send connections to it, too, for as long as it is ready."""
        self._servers.append(server)

    def remove(self, server: Server) -> None:
        self._servers.remove(server)

    def ready(self) -> int:
        """How many get connections by now."""
        return len(self._ready)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        listener = self._loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = listener.sockets[0].getsockname()[1]
        probing = self._loop.create_task(self._probe())
        self._started.set()
        self._loop.run_forever()
        listener.close()
        probing.cancel()
        running = asyncio.all_tasks(self._loop)
        for task in running:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*running, return_exceptions=True))

    async def _probe(self) -> None:
        async with httpx.AsyncClient(timeout=1) as client:
            while True:
                ready = []
                for server in list(self._servers):
                    with contextlib.suppress(httpx.HTTPError):
                        if (await client.get(server.ready["operations"] + "/readyz")).is_success:
                            url = urlsplit(server.ready["admission"])
                            ready.append((url.hostname or "", url.port or 0))
                self._ready = ready
                await asyncio.sleep(_PROBE_SECONDS)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)  # the loop itself keeps no hold of it
        task.add_done_callback(self._connections.discard)
        with contextlib.closing(writer), contextlib.suppress(OSError, IndexError):
            to_reader, to_writer = await asyncio.open_connection(*random.choice(self._ready))  # noqa: S311 - any of them will do
            with contextlib.closing(to_writer):
                await asyncio.gather(_pass_on(reader, to_writer), _pass_on(to_reader, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()
