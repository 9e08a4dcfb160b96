"""Write head and body of a response in one system call.

uvicorn writes the head separately, and uvloop writes at once: two system calls, two packets and two TLS records for every response. That
costs more than checking a VMI does. The ASGI specification asks servers to hold the head back until a body follows.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_OK = b"HTTP/1.1 200 "


class BufferedTransport(asyncio.Transport):
    """The transport of one answer, as far as uvicorn's `RequestResponseCycle` uses one.

    Attributes:
        is_ok: Whether the answer is HTTP 200.
    """

    def __init__(self, cycle: RequestResponseCycle) -> None:
        """Come between `cycle` and its transport."""
        self._cycle = cycle
        self._transport = cycle.transport
        self._head: bytes | None = None
        self.is_ok = False

    def write(self, data: bytes) -> None:  # type: ignore[override] # uvicorn writes nothing but bytes
        """Hold the head, and write it with what comes next; what comes before it (`100 Continue`) is written at once."""
        if self._head:
            data, self._head = self._head + data, b""
        elif self._head is None and self._cycle.response_started:
            self._head = data
            self.is_ok = data.startswith(_OK)
            return
        self._transport.write(data)

    def flush(self) -> None:
        """Write a head that nothing follows."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        """Close once all is written."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is closing."""
        return self._transport.is_closing()
