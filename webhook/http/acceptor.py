"""Accepts connections on a port, and bounds those whose TLS handshake is under way.

asyncio's `create_server` starts TLS for every accepted socket, with some 50 KB of buffers each, and bounds neither their number nor what
one client takes of it. Here at most `max_handshakes` are under way. When there are more, the oldest one of the client that has the most is
closed: a client that floods closes its own connections, and the API server's handshake is never the one.
"""

import asyncio
import contextlib
import errno
import functools
import socket
import ssl
from collections.abc import Callable, Sequence

import structlog

from webhook.http.limits import ConnectionLimits
from webhook.http.pool import ConnectionPool, TurnedAway, client_of

log = structlog.get_logger(__name__)

_GOODBYE_SECONDS = 5.0
"""A client that never answers our close_notify, as one on a dead node, is waited for no longer."""
_PAUSE_SECONDS = 0.1
_MAX_ACCEPTED_AT_ONCE = 32
"""So many connections are accepted before requests of others have their turn."""
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """The listening sockets of a port."""

    def __init__(
        self,
        protocol: Callable[[], asyncio.Protocol],
        *,
        limits: ConnectionLimits,
        pool: ConnectionPool,
        turned_away: Callable[[TurnedAway], None],
    ) -> None:
        """`protocol` makes the protocol of one connection."""
        self._protocol = protocol
        self._limits = limits
        self._pool = pool
        self._turned_away = turned_away
        self._sockets: list[socket.socket] = []
        self._handshakes: dict[str, dict[asyncio.Task[None], socket.socket]] = {}
        self._count = 0

    def open(self, sockets: Sequence[socket.socket], context: ssl.SSLContext | None) -> None:
        """Accept on listening sockets."""
        self._sockets = list(sockets)
        for each in self._sockets:
            asyncio.get_running_loop().add_reader(each, self._accept, each, context)

    def close(self) -> None:
        """Accept no more; handshakes that are under way go on."""
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.remove_reader(each)
            each.close()
        self._sockets.clear()

    async def abort_handshakes(self) -> None:
        """Close every connection whose handshake is not complete."""
        tasks = {task: connection for of_client in self._handshakes.values() for task, connection in of_client.items()}
        for connection in tasks.values():
            _abort(connection)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, listening: socket.socket, context: ssl.SSLContext | None) -> None:
        for _ in range(_MAX_ACCEPTED_AT_ONCE):
            try:
                connection, peer = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(listening, context, error)
                return
            connection.setblocking(False)
            self._begin(connection, client_of(peer), context)

    def _pause(self, listening: socket.socket, context: ssl.SSLContext | None, error: OSError) -> None:
        """Accept again in a moment: the system lacks something, and would say so at once again."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        if error.errno in _EXHAUSTED:
            self._turned_away(TurnedAway.RESOURCES)
            self._pool.evict_one()
        loop.call_later(_PAUSE_SECONDS, self._resume, listening, context)

    def _resume(self, listening: socket.socket, context: ssl.SSLContext | None) -> None:
        if listening in self._sockets:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening, context)

    def _begin(self, connection: socket.socket, client: str, context: ssl.SSLContext | None) -> None:
        task = asyncio.get_running_loop().create_task(self._connect(connection, context))
        self._handshakes.setdefault(client, {})[task] = connection
        self._count += 1
        task.add_done_callback(functools.partial(self._ended, client))
        if self._count > self._limits.max_handshakes:
            self._evict()

    async def _connect(self, connection: socket.socket, context: ssl.SSLContext | None) -> None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._protocol,
                connection,
                ssl=context,
                ssl_handshake_timeout=None if context is None else self._limits.handshake_seconds,
                ssl_shutdown_timeout=None if context is None else _GOODBYE_SECONDS,
            )
        except OSError:  # as ssl.SSLError and TimeoutError are: the client does not speak TLS with us, or not in time
            connection.close()
        except BaseException:
            connection.close()
            raise

    def _ended(self, client: str, task: "asyncio.Task[None]") -> None:
        self._drop(client, task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("a connection could not be begun", exc_info=failure)

    def _evict(self) -> None:
        client = max(self._handshakes, key=self._handshakes_of)
        task, connection = next(iter(self._handshakes[client].items()))
        self._drop(client, task)
        _abort(connection)
        self._turned_away(TurnedAway.HANDSHAKE)

    def _handshakes_of(self, client: str) -> int:
        return len(self._handshakes[client])

    def _drop(self, client: str, task: "asyncio.Task[None]") -> None:
        tasks = self._handshakes.get(client, {})
        if tasks.pop(task, None) is not None:
            self._count -= 1
        if not tasks:
            self._handshakes.pop(client, None)


def _abort(connection: socket.socket) -> None:
    """End a handshake: its transport meets the end of the stream. Cancelling its task would let uvloop wait for a good-bye first."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
