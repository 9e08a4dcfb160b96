"""The body of a request, read within limits of size."""

import asyncio
import contextlib
from collections.abc import Iterator

from starlette.types import Message, Receive

from webhook.http.limits import Limits
from webhook.http.reply import Headers, RefusedError

LARGE_BYTES = 64 * 1024
"""A larger body is neither read nor decoded before others have their turn."""
_MAX_LARGE_READS = 2
_PART_SECONDS = 0.02
RETRY_AFTER = (b"retry-after", b"1")
_NOT_COMPRESSED = "is not accepted; send the body as it is, not compressed"


class ClientGoneError(Exception):
    """The client went away, or was too slow, before its request was whole: nobody is there to answer."""


class Receipt:
    """A body that is being received.

    Attributes:
        size: Bytes held of it.
        is_abandoned: Whether it gave way to others; its request is refused.
    """

    def __init__(self) -> None:
        self.size = 0
        self.is_abandoned = False
        self._task = asyncio.current_task()

    def abandon(self) -> None:
        """Wake the request that waits for it."""
        self.is_abandoned = True
        if self._task is not None:
            self._task.cancel()


class Load:
    """What is being worked on at one time, over all endpoints.

    Attributes:
        requests: Requests whose body is whole and that are not yet answered.
        body_bytes: Bytes held of bodies that are not yet whole.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.body_bytes = 0
        self._receipts: dict[Receipt, None] = {}
        self._large_reads = asyncio.Semaphore(_MAX_LARGE_READS)

    @property
    def bodies(self) -> int:
        """Bodies that are not yet whole."""
        return len(self._receipts)

    @contextlib.contextmanager
    def in_flight(self, most: int) -> Iterator[None]:
        """Count a request within the block; `RefusedError` when there are too many (429)."""
        if self.requests >= most:
            raise RefusedError(429, f"{self.requests} requests are being answered, which is the most at one time; try again", RETRY_AFTER)
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1

    @contextlib.contextmanager
    def receiving(self) -> Iterator[Receipt]:
        """A body that is received within the block; `RefusedError` when it had to give way to others (429)."""
        receipt = Receipt()
        self._receipts[receipt] = None
        try:
            yield receipt
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not receipt.is_abandoned or task is None or task.uncancel():
                raise
            raise RefusedError(429, "the request body came too slowly while others waited for its memory; try again", RETRY_AFTER) from None
        finally:
            self._release(receipt)

    async def next_part(self, receive: Receive) -> Message:
        """The next part of a large body, when it is one of the few that are read at this time; the sockets of the others are paused.

        Otherwise the event loop would decrypt and copy a part of each body before it answers anybody else. A client that sends nothing
        within `_PART_SECONDS` does not keep its place: it cannot hold up others by sending slowly.
        """
        async with self._large_reads:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PART_SECONDS):
                    return await receive()
        return await receive()

    def charge(self, receipt: Receipt, size: int, most: int) -> None:
        """Count more bytes of a body. The bodies that have been received for longest give way; `RefusedError` when that is this one."""
        while self.body_bytes + size > most:
            oldest = next(iter(self._receipts))
            if oldest is receipt:
                raise RefusedError(429, "too many large requests at one time; try again", RETRY_AFTER)
            self._release(oldest)
            oldest.abandon()
        receipt.size += size
        self.body_bytes += size

    def _release(self, receipt: Receipt) -> None:
        self._receipts.pop(receipt, None)
        self.body_bytes -= receipt.size
        receipt.size = 0


def check_method(method: str) -> None:
    """Refuse any other method than POST (405)."""
    if method != "POST":
        raise RefusedError(405, f"method {method} is not allowed here; use POST with an AdmissionReview", (b"allow", b"POST"))


def check_headers(sent: Headers, limits: Limits) -> None:
    """Refuse what need not be read: no JSON or compressed (415), declared too large (413)."""
    headers = dict(sent)
    content_type = headers.get(b"content-type", b"")
    if content_type != b"application/json" and content_type.partition(b";")[0].strip().lower() != b"application/json":
        raise RefusedError(415, f"content type {_shown(content_type)} is not accepted; send application/json")
    if b"content-encoding" in headers:
        raise RefusedError(415, f"content encoding {_shown(headers[b'content-encoding'])} {_NOT_COMPRESSED}")
    if headers.get(b"transfer-encoding", b"chunked").strip().lower() != b"chunked":
        raise RefusedError(415, f"transfer encoding {_shown(headers[b'transfer-encoding'])} {_NOT_COMPRESSED}")
    if int(headers.get(b"content-length", b"0")) > limits.max_body_bytes:
        raise _too_large(limits)


async def read_body(receive: Receive, limits: Limits, load: Load) -> bytes:
    """The whole body; the connection sees to it that it comes in time (`protocol`).

    `RefusedError` when it is too large (413), or too much together with all others (429); `ClientGoneError` when it is cut off.
    """
    message = await receive()
    if message["type"] == "http.request" and not message["more_body"]:
        whole: bytes = message["body"]
        check_size(whole, limits)
        return whole
    return await _read_parts(message, receive, limits, load)


async def _read_parts(message: Message, receive: Receive, limits: Limits, load: Load) -> bytes:
    """The body that begins with `message`; what is held of it counts as load until it is whole."""
    body = bytearray()
    with load.receiving() as receipt:
        while True:
            if message["type"] != "http.request":
                raise ClientGoneError
            part = message["body"]
            assert isinstance(part, bytes)  # noqa: S101 - ASGI says so
            load.charge(receipt, len(part), max(limits.max_buffered_bytes, limits.max_body_bytes))
            body += part
            check_size(body, limits)
            if not message["more_body"]:
                return bytes(body)
            message = await receive() if receipt.size <= LARGE_BYTES else await load.next_part(receive)


def check_size(body: bytes | bytearray, limits: Limits) -> None:
    """Refuse what is too large (413)."""
    if len(body) > limits.max_body_bytes:
        raise _too_large(limits)


def _too_large(limits: Limits) -> RefusedError:
    return RefusedError(413, f"the request body is too large; at most {limits.max_body_bytes} bytes are read")


def _shown(value: bytes) -> str:
    return ascii(value[:60].decode("latin-1"))
