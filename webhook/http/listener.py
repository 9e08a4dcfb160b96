"""One port: bound, served, drained and closed.

It takes uvicorn's protocol without uvicorn's `Server`, which takes the process's signals, ends the process when a port is taken, closes
its listening socket before it has drained, and cannot bound a TLS handshake.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress

from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn.server import ServerState

from webhook.http.acceptor import Acceptor
from webhook.http.fast_path import FastPath
from webhook.http.limits import ConnectionLimits
from webhook.http.pool import ConnectionPool, TurnedAway
from webhook.http.protocol import Connection
from webhook.http.reply import CLOSE

_FIRST_REQUEST_SECONDS = 1.0
_LOOK_SECONDS = 0.02


class Listener:
    """Serves an ASGI application on a port."""

    def __init__(  # noqa: PLR0913 - all but one by keyword, called in one place
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        limits: ConnectionLimits | None = None,
        ssl_context_factory: Callable[[], ssl.SSLContext] | None = None,
        refused: Callable[[int], None] = lambda _code: None,
        turned_away: Callable[[TurnedAway], None] = lambda _reason: None,
        earns_trust: bool = True,
    ) -> None:
        """Prepare to serve.

        Args:
            app: What answers requests.
            host: Address to bind; empty for all.
            port: Port to bind; 0 for any free one.
            limits: Bounds of connections.
            ssl_context_factory: Makes the context of the listening socket, at `start`; plain HTTP without.
            refused: Is told the HTTP code of every request that the connection itself refuses.
            turned_away: Is told of every connection that is closed to make room.
            earns_trust: Whether a connection is trusted from its first answer with HTTP 200 on.
        """
        self._address = (host, port)
        self._limits = limits or ConnectionLimits()
        self._refused = refused
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
            timeout_keep_alive=self._limits.keep_alive_seconds,
        )
        self._config.load()
        self._state = ServerState()
        self._fast_paths: dict[bytes, FastPath] = {}
        self._pool = ConnectionPool(total=self._limits.max_connections, per_client=self._limits.max_per_client, turned_away=turned_away)
        self._acceptor = Acceptor(
            lambda: Connection(
                self._config, self._state, self._fast_paths, self._limits, self._pool, self._refused, earns_trust=earns_trust
            ),
            limits=self._limits,
            pool=self._pool,
            turned_away=turned_away,
        )

    @property
    def port(self) -> int:
        """The bound port; `RuntimeError` before `start`."""
        port = self._acceptor.port
        if port is None:
            raise RuntimeError("the listener is not started")
        return port

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._state.connections)

    async def start(self) -> None:
        """Bind and serve; `OSError` when the address cannot be bound."""
        host, port = self._address
        context = self._ssl_context_factory() if self._ssl_context_factory is not None else None
        await self._acceptor.open(host, port, self._config.backlog, context)

    async def drain(self, seconds: float) -> None:
        """Serve on for `seconds`, telling every client to come back elsewhere, then stop: the first half of a shutdown without loss.

        Endpoints of a Service disappear some time after the pod is told to stop: until then requests still arrive, on new connections too.
        """
        self._ask_to_leave()
        await asyncio.sleep(seconds)
        await self.stop()

    async def stop(self, seconds: float = 30.0) -> None:
        """Accept no more, close idle connections, finish what is in flight within `seconds`, cut off the rest.

        A connection that has brought no request yet is not idle: its first one may be on the way, and gets a moment to arrive.
        """
        self._ask_to_leave()
        if self._acceptor.port is None:
            return
        self._acceptor.close()
        for connection in list(self._state.connections):
            if not isinstance(connection, Connection) or connection.has_asked:
                connection.shutdown()
        await self._idle_within(min(_FIRST_REQUEST_SECONDS, seconds))
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._idle_within(seconds)
        await self._acceptor.abort_handshakes()
        self._cut_off()

    async def _idle_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle()

    def _ask_to_leave(self) -> None:
        """Put `Connection: close` into every answer, those to requests in flight included: they share this one list."""
        if CLOSE not in self._state.default_headers:
            self._state.default_headers.append(CLOSE)

    async def _idle(self) -> None:
        while self._state.connections or self._state.tasks:  # noqa: ASYNC110 - uvicorn's sets tell nobody when they change
            await asyncio.sleep(_LOOK_SECONDS)

    def _cut_off(self) -> None:
        for connection in list(self._state.connections):
            with suppress(AttributeError):  # asyncio of older 3.11.x: a TLS transport that has just ended has no protocol left
                connection.transport.abort()
        for task in self._state.tasks:
            task.cancel()
