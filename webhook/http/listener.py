"""One port, served by uvicorn alone: bound, drained and closed, without the process's signals and without ending the process.

`limited_listener` serves the same applications with limits of connections and a fast path; the setting `plain_uvicorn` chooses this one.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

from starlette.types import ASGIApp
from uvicorn import Config, Server

from webhook.http.reply import CLOSE


class Listener:
    """Serves an ASGI application on a port."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        ssl_context_factory: Callable[[], ssl.SSLContext] | None = None,
        keep_alive_seconds: int = 120,
    ) -> None:
        """Prepare to serve.

        Args:
            app: What answers requests.
            host: Address to bind; empty for all.
            port: Port to bind; 0 for any free one.
            ssl_context_factory: Makes the context of the listening socket, at `start`; plain HTTP without.
            keep_alive_seconds: How long an idle connection is kept after an answer.
        """
        self._address = (host, port)
        self._ssl_context_factory = ssl_context_factory
        self._config = Config(
            app,
            interface="asgi3",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=keep_alive_seconds,
        )
        self._server = Server(self._config)
        self._state = self._server.server_state
        self._sockets: list[socket.socket] = []

    @property
    def port(self) -> int:
        """The bound port; `RuntimeError` before `start`."""
        if not self._sockets:
            raise RuntimeError("the listener is not started")
        return int(self._sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._state.connections)

    async def start(self) -> None:
        """Bind and serve; `OSError` when the address cannot be bound."""
        self._config.load()
        if self._ssl_context_factory is not None:
            self._config.ssl = self._ssl_context_factory()
        self._sockets = await listening_sockets(*self._address, self._config.backlog)
        await self._serve()

    async def drain(self, seconds: float) -> None:
        """Serve on for `seconds`, with `Connection: close` in every answer, then stop: the first half of a shutdown without loss.

        Endpoints of a Service disappear some time after the pod is told to stop: until then requests still arrive, on new connections too.
        """
        self._ask_to_leave()
        await asyncio.sleep(seconds)
        await self.stop()

    async def stop(self, seconds: float = 30.0) -> None:
        """Accept no more, close idle connections, finish what is in flight within `seconds`, cut off the rest."""
        self._ask_to_leave()
        if not self._sockets:
            return
        await self._end(seconds)
        self._sockets.clear()
        await self._cut_off()

    async def _serve(self) -> None:
        self._server.lifespan = self._config.lifespan_class(self._config)
        await self._server.startup(sockets=self._sockets)

    async def _end(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._server.shutdown(sockets=self._sockets)

    def _ask_to_leave(self) -> None:
        """Put `Connection: close` into every answer, those to requests in flight included: they share this one list."""
        if CLOSE not in self._state.default_headers:
            self._state.default_headers.append(CLOSE)

    async def _cut_off(self) -> None:
        for connection in list(self._state.connections):
            with contextlib.suppress(AttributeError):  # asyncio of older 3.11.x: a TLS transport that has just ended has no protocol left
                connection.transport.abort()
        for task in self._state.tasks:
            task.cancel()


async def listening_sockets(host: str, port: int, backlog: int) -> list[socket.socket]:
    """Sockets that listen on all addresses of `host`, or on every address where it is empty; `OSError` when one cannot be bound."""
    found = await asyncio.get_running_loop().getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
            listening = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(listening)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.setblocking(False)
            listening.bind(address)
            listening.listen(backlog)
    except OSError:
        for each in sockets:
            each.close()
        raise
    return sockets
