"""One connection: uvicorn's HTTP/1.1 protocol with the limits that it lacks.

uvicorn bounds neither the time nor the size of a request head, nor how many requests wait on one connection, and waits without end for a
client that does not send or does not read (uvicorn/protocols/http/httptools_impl.py, 0.54). The bounds here cost a request an addition and
a few comparisons.
"""

import asyncio
from collections.abc import Callable

from uvicorn import Config
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
from uvicorn.server import ServerState

from webhook.http.buffered_response import BufferedTransport
from webhook.http.fast_path import FastPath, FastPathProtocol
from webhook.http.idle_timer import IdleTimer
from webhook.http.limits import ConnectionLimits
from webhook.http.pool import ConnectionPool, client_of
from webhook.http.reply import status_body

_SEPARATORS = len(": \r\n")


class Connection(FastPathProtocol):
    """A connection that is closed when its client keeps us waiting too long, or sends too much beside bodies.

    Attributes:
        has_asked: Whether it has brought a request.
        client_address: The client that it is counted for.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - called in one place
        self,
        config: Config,
        state: ServerState,
        fast_paths: dict[bytes, FastPath],
        limits: ConnectionLimits,
        pool: ConnectionPool,
        refused: Callable[[int], None],
        *,
        earns_trust: bool,
    ) -> None:
        """Make a connection of a pool.

        Args:
            config: uvicorn's.
            state: uvicorn's, of the whole port.
            fast_paths: As in `FastPathProtocol`.
            limits: What it may cost.
            pool: All connections of the port.
            refused: Is told the code of every request that is refused here, before any application sees it whole.
            earns_trust: Whether an answer with HTTP 200 is worth trust, as that to a valid review is.
        """
        super().__init__(config, state, fast_paths)
        self._limits = limits
        self._pool = pool
        self._earns_trust = earns_trust
        self._keep_alive_seconds = limits.untrusted_keep_alive_seconds
        self.client_address = ""
        self._is_trusted = False
        self._refused = refused
        self._waiting = IdleTimer(self.loop, self._waited)
        self._rests = False
        self._writing: asyncio.TimerHandle | None = None
        self._answering: RequestResponseCycle | None = None
        self._buffered: BufferedTransport | None = None
        self.has_asked = False
        self._in_head = False
        self._in_body = False
        self._beside_body = 0
        self._fault = (400, "the request is no valid HTTP/1.1 request")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn: it is always a Transport
        """Take a connection, if there is room for it; from here on the client has to say something."""
        super().connection_made(transport)
        self.client_address = client_of(transport.get_extra_info("peername"))
        if not self._pool.admit(self):
            self.abort()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is being answered, which with pipelining is not the last one that came, and stop all timers."""
        super().connection_lost(exc)
        self._pool.remove(self)
        self._disconnect()
        self._waiting.end()
        if self._writing is not None:
            self._writing.cancel()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and count those that no body accounts for; see that a timer runs whenever it is the client's turn."""
        if self._rests:
            self._rests = False
            self._waiting.stop()
        self._beside_body += len(data)
        super().data_received(data)
        if self._beside_body > self._limits.max_head_bytes:
            self._refuse_surplus()
        elif not self._waiting.runs and self._is_clients_turn():
            self._wait()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of a head. A trailer comes here too, after the body, and is no header."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A head is whole: it was in time, and is let in if it is HTTP/1.1, small enough, and not too many wait before it."""
        self._waiting.stop()
        if self.parser.get_http_version() != "1.1":
            self._check_version()
        if self._beside_body > self._limits.max_head_bytes and self._head_bytes() > self._limits.max_head_bytes:
            self._fault = self._large_head()
            raise ValueError(self._fault[1])
        if len(self.pipeline) >= self._limits.max_pipelined:
            self._fault = (429, "too many requests wait for an answer on this connection")
            raise ValueError(self._fault[1])
        super().on_headers_complete()
        self._in_head, self._in_body, self.has_asked = False, True, True

    def on_body(self, body: bytes) -> None:
        """A part of a body: the application bounds that."""
        self._beside_body -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._in_body = False
        self._beside_body = 0
        self._waiting.stop()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's one word for whatever went wrong
        """Refuse what the parser refused, and close."""
        self.leave_fast_path()
        self._refuse(*self._fault)

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if self._writing is not None and not self.transport.is_closing():
            self._writing.cancel()
            self._writing = None

    def on_response_complete(self) -> None:
        """A request is answered; where that was the last one, what is not yet written does not wait for ever."""
        if self._buffered is None:  # the fast path answers valid reviews only
            self._answered(is_ok=True)
        else:
            self._buffered.flush()
            self._answered(is_ok=self._buffered.is_ok)
            self._buffered = None
        if self.transport.is_closing():
            self._wait_for_reader()
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif not self._in_body:
            self._rests = True
            self._waiting.start(self._keep_alive_seconds)

    def may_be_closed(self) -> bool:
        """Whether no whole request waits for its answer."""
        return self._in_body or self.is_idle()

    def abort(self) -> None:
        """Cut the connection off, with all that waits on it."""
        self._disconnect()
        self.transport.abort()

    def _answered(self, *, is_ok: bool) -> None:
        """Trust a connection from its first valid review on."""
        if is_ok and self._earns_trust and not self._is_trusted:
            self._is_trusted = True
            self._keep_alive_seconds = self._limits.keep_alive_seconds
            self._pool.prove(self)
        else:
            self._pool.used(self)

    def _check_version(self) -> None:
        """Refuse what no client of ours speaks, and what means different things to different servers."""
        version = self.parser.get_http_version()
        if version != "1.0":
            self._fault = (505, f"HTTP/{version} is not spoken here; use HTTP/1.1")
            raise ValueError(self._fault[1])
        if any(name == b"transfer-encoding" for name, _ in self.headers):
            self._fault = (400, "HTTP/1.0 has no transfer encodings; use HTTP/1.1")
            raise ValueError(self._fault[1])

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        self._buffered = cycle.transport = BufferedTransport(cycle)
        super()._start_asgi_task(cycle, app)

    def _disconnect(self) -> None:
        """From here on nothing is written: uvloop takes writing to a closed transport for a mistake."""
        self.pipeline.clear()
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()

    def _is_clients_turn(self) -> bool:
        """Whether nothing goes on here until the client sends more, and it has not just been answered."""
        return self._in_body or (not self._rests and self.is_idle())

    def _close(self) -> None:
        """Close as soon as all is written, and in any case soon: a transport that is closed waits without end for a client to read."""
        self.transport.close()
        self._wait_for_reader()

    def _wait_for_reader(self) -> None:
        if self._writing is None:
            self._writing = self.loop.call_later(self._limits.write_seconds, self.abort)

    def _wait(self) -> None:
        seconds = self._limits.body_seconds if self._in_body else self._limits.head_seconds
        self._waiting.start(seconds)

    def _waited(self) -> None:
        if self._rests:
            self._close()
        elif self.pipeline:
            self._wait()  # it is we who read nothing before earlier requests are answered
        elif self._in_head:
            self._refuse(408, f"the request head did not arrive within {self._limits.head_seconds:.3g} s")
        elif self._in_body:
            self._refuse(408, f"the request body did not arrive within {self._limits.body_seconds:.3g} s")
        else:
            self._close()

    def _refuse_surplus(self) -> None:
        if self._in_head:
            self._refuse(*self._large_head())
        else:
            self._refuse(400, f"chunk sizes and trailers of the request body have more than {self._limits.max_head_bytes} bytes")

    def _large_head(self) -> tuple[int, str]:
        return 431, f"the request head is too large; at most {self._limits.max_head_bytes} bytes are read"

    def _head_bytes(self) -> int:
        """Bytes of the URL and of the headers with their separators."""
        return len(self.url) + sum(len(name) + len(value) + _SEPARATORS for name, value in self.headers)

    def _may_answer(self) -> bool:
        """Whether an answer would be taken for that to the request at fault, and for none before it."""
        if self._in_head:
            return self.is_idle()
        return not self.is_idle() and not self.cycle.response_started and not self.pipeline

    def _refuse(self, code: int, message: str) -> None:
        """Answer for the whole connection, where that is understood, and close it."""
        if self.transport.is_closing():
            return
        self._refused(code)
        if self._may_answer():
            body = status_body(code, message)
            head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[code] + head + body)
        self._close()
