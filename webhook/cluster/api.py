"""Calls to one API server: JSON bytes in and out, each call within its time, a watch line by line.

The calls are made with httpx and not with the official client, whose calls are threads that nobody can cancel (docs/decisions.md).
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import httpx
import msgspec

from webhook.cluster.api_error import answered, unanswered
from webhook.cluster.credentials import Credentials
from webhook.cluster.kubeconfig_errors import cut_to_a_line

MAX_BODY_BYTES = 64 * 1024 * 1024
"""More of one answer is not read; a page of 500 large VMs has a tenth of it."""
MAX_LINE_BYTES = 32 * 1024 * 1024
"""More of one watch event is not read; etcd holds no object of more than 1.5 MiB."""

MAX_RETRY_AFTER_SECONDS = 30
"""No server is left alone for longer, whatever it asks for."""

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
"""What OpenSSL calls a certificate that no CA of ours has signed; it stands in the message of the error."""
THROUGH_PROXY = " through the proxy "
"""How a message tells that the way to the server leads through one."""

_SECONDS = 10.0
_UNAUTHORIZED = 401
_SECONDS_TOLD = re.compile(r"\d{1,9}", re.ASCII)
_NONE: Mapping[str, str] = {}

_encode = msgspec.json.encode


class _Call(NamedTuple):
    method: str
    path: str
    query: Mapping[str, str] = _NONE
    content: bytes = b""
    content_type: str = "application/json"


class ApiServer:
    """An API server that is asked as one user.

    Every call raises `ApiError` when there is no answer within its `seconds`, or one that is no success.

    Attributes:
        base_url: Its address, for messages.
        skew: Seconds by which our clock was ahead of the server's when it last answered, to the second; `None` when it has not yet.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._http = credentials.client()
        self._through = f"{THROUGH_PROXY}{credentials.proxy}" if credentials.proxy else ""
        self.base_url = credentials.base_url
        self.skew: float | None = None

    async def get(self, path: str, query: Mapping[str, str] = _NONE, *, seconds: float = _SECONDS) -> bytes:
        """An object, a list, or whatever else is at a path."""
        return await self._asked(_Call("GET", path, query), seconds)

    async def post(self, path: str, obj: object, *, seconds: float = _SECONDS) -> bytes:
        """Create; the object as it was stored."""
        return await self._asked(_Call("POST", path, content=_encode(obj)), seconds)

    async def patch(self, path: str, obj: object, *, content_type: str = MERGE_PATCH, seconds: float = _SECONDS) -> bytes:
        """Patch; the object as it was stored. `ApiError` of reason `conflict` when the patch names a resourceVersion of before."""
        return await self._asked(_Call("PATCH", path, content=_encode(obj), content_type=content_type), seconds)

    async def apply(self, path: str, obj: object, *, manager: str, seconds: float = _SECONDS) -> bytes:
        """Apply server-side as this field manager; makes what is not there yet. The object as it was stored."""
        return await self._asked(_Call("PATCH", path, {"fieldManager": manager}, _encode(obj), APPLY_PATCH), seconds)

    @contextlib.asynccontextmanager
    async def lines(self, path: str, query: Mapping[str, str], *, silence_seconds: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """A watch: its lines as they come, each one JSON object; `ApiError` of reason `timeout` after a silence of so many seconds.

        The lines end when the server ends the stream.
        """
        call = _Call("GET", path, query)
        asked = self._named(call)
        with _told(asked, silence_seconds, self._through):
            async with asyncio.timeout(silence_seconds):
                response = await self._sent(call)
                refusal = None if response.is_success else await _whole(response, asked)
        try:
            if refusal is not None:
                raise answered(asked, response.status_code, refusal, retry_after=_retry_after(response))
            yield _lines(response, asked, silence_seconds)
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _asked(self, call: _Call, seconds: float) -> bytes:
        asked = self._named(call)
        with _told(asked, seconds, self._through):
            async with asyncio.timeout(seconds):
                response = await self._sent(call)
                try:
                    body = await _whole(response, asked)
                finally:
                    await response.aclose()
        if not response.is_success:
            raise answered(asked, response.status_code, body, retry_after=_retry_after(response))
        return body

    async def _sent(self, call: _Call) -> httpx.Response:
        """The response, its body still to be read. Tokens are withdrawn and CAs replaced while we run: then both are read anew, once."""
        try:
            response = await self._sent_as(call)
        except httpx.ConnectError as error:
            if UNTRUSTED not in str(error):
                raise
        else:
            if response.status_code != _UNAUTHORIZED:
                return response
            await response.aclose()
        await self._credentials.renew()
        return await self._sent_as(call)

    async def _sent_as(self, call: _Call) -> httpx.Response:
        if self._http.is_closed:
            raise unanswered(self._named(call), "unavailable", "nothing is asked any more: the program is about to stop")
        headers = await self._credentials.headers()
        if call.content:
            headers["Content-Type"] = call.content_type
        request = self._http.build_request(
            call.method, call.path, params=dict(call.query), headers=headers, content=call.content, extensions=self._credentials.extensions
        )
        response = await self._http.send(request, stream=True)
        self._note_date(response.headers.get("Date", ""))
        return response

    def _note_date(self, date: str) -> None:
        with contextlib.suppress(ValueError, OverflowError):
            self.skew = time.time() - parsedate_to_datetime(date).timestamp()

    def _named(self, call: _Call) -> str:
        return f"{call.method} {self.base_url}{call.path}"


def _retry_after(response: httpx.Response) -> float:
    """Seconds that the server asks to be left alone for; a date, which API servers do not send, counts as nothing."""
    told = response.headers.get("Retry-After", "")
    return float(min(int(told), MAX_RETRY_AFTER_SECONDS)) if _SECONDS_TOLD.fullmatch(told) else 0.0


async def _whole(response: httpx.Response, asked: str) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise unanswered(asked, "unreadable", f"the answer has more than {MAX_BODY_BYTES:,} bytes")
        parts.append(part)
    return b"".join(parts)


async def _lines(response: httpx.Response, asked: str, silence_seconds: float) -> AsyncIterator[bytes]:
    """Split at line feeds alone: a JSON string may hold what else Unicode takes for the end of a line."""
    parts = aiter(response.aiter_raw())
    rest: list[bytes] = []
    size = 0
    while True:
        with _told(asked, silence_seconds):
            async with asyncio.timeout(silence_seconds):
                part = await anext(parts, None)
        if part is None:
            break
        *whole, last = part.split(b"\n")
        for end in whole:
            yield b"".join((*rest, end))
            rest, size = [], 0
        size += len(last)
        if size > MAX_LINE_BYTES:
            raise unanswered(asked, "unreadable", f"one event has more than {MAX_LINE_BYTES:,} bytes")
        rest.append(last)
    if size:
        yield b"".join(rest)


@contextlib.contextmanager
def _told(asked: str, seconds: float, through: str = "") -> Iterator[None]:
    """Whatever a network does to a call, as the error that is told."""
    try:
        yield
    except TimeoutError as error:
        raise unanswered(asked, "timeout", f"nothing came{through} for {round(seconds, 1):g} s") from error
    except httpx.HTTPError as error:
        raise unanswered(asked, "unavailable", f"no answer{through}: {cut_to_a_line(str(error)) or _plainly(error)}") from error


def _plainly(error: httpx.HTTPError) -> str:
    """An error without a message, which is one of a socket as a rule."""
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return "no connection could be made"
    return "the connection broke off"
