"""One port, served by uvicorn's protocol with limits of connections, handshakes, heads and waits, and with a fast path for reviews."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress

from starlette.types import ASGIApp

from webhook.http.acceptor import Acceptor
from webhook.http.fast_path import FastPath
from webhook.http.limits import ConnectionLimits
from webhook.http.listener import Listener
from webhook.http.pool import ConnectionPool, TurnedAway
from webhook.http.protocol import Connection

_FIRST_REQUEST_SECONDS = 1.0
_POLL_SECONDS = 0.02


class LimitedListener(Listener):
    """Serves an ASGI application on a port, within limits.

    uvicorn's own `Server` closes the listening socket before connections have drained, and cannot bound a TLS handshake.
    """

    def __init__(  # noqa: PLR0913 - all but one by keyword, called in one place
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        limits: ConnectionLimits | None = None,
        ssl_context_factory: Callable[[], ssl.SSLContext] | None = None,
        refused: Callable[[int], None] | None = None,
        turned_away: Callable[[TurnedAway], None] | None = None,
        earns_trust: bool = True,
    ) -> None:
        """Prepare to serve.

        Args:
            app: What answers requests.
            host: Address to bind; empty for all.
            port: Port to bind; 0 for any free one.
            limits: Bounds of connections.
            ssl_context_factory: Makes the context of the listening socket, at `start`; plain HTTP without.
            refused: Is called with the HTTP code of every request that the connection itself refuses.
            turned_away: Is called with the reason for every connection that is closed to make room.
            earns_trust: Whether a connection is trusted from its first answer with HTTP 200 on.
        """
        self._limits = limits or ConnectionLimits()
        super().__init__(
            app, host=host, port=port, ssl_context_factory=ssl_context_factory, keep_alive_seconds=self._limits.keep_alive_seconds
        )
        self._refused = refused or _ignore
        self._earns_trust = earns_trust
        self._fast_paths: dict[bytes, FastPath] = {}
        turned_away = turned_away or _ignore
        self._pool = ConnectionPool(total=self._limits.max_connections, per_client=self._limits.max_per_client, turned_away=turned_away)
        self._acceptor = Acceptor(self._connection, limits=self._limits, pool=self._pool, turned_away=turned_away)

    async def _serve(self) -> None:
        self._acceptor.open(self._sockets, self._config.ssl)

    async def _end(self, seconds: float) -> None:
        """End in the order that loses nothing.

        A connection that has brought no request yet is not idle: its first one may be on the way, and gets a moment to arrive.
        """
        self._acceptor.close()
        for connection in list(self._state.connections):
            if not isinstance(connection, Connection) or connection.has_asked:
                connection.shutdown()
        await self._idle_within(min(_FIRST_REQUEST_SECONDS, seconds))
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._idle_within(seconds)

    async def _cut_off(self) -> None:
        await self._acceptor.abort_handshakes()
        await super()._cut_off()

    async def _idle_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._state.connections or self._state.tasks:  # noqa: ASYNC110 - uvicorn's sets tell nobody when they change
                    await asyncio.sleep(_POLL_SECONDS)

    def _connection(self) -> Connection:
        return Connection(
            self._config, self._state, self._fast_paths, self._limits, self._pool, self._refused, earns_trust=self._earns_trust
        )


def _ignore(_reason: object) -> None:
    """Where nobody counts."""
