"""HTTP calls to one API server: JSON bytes in and out, a timeout for each call, a watch line by line.

The calls use httpx and not the official client, whose calls are threads that cannot be cancelled (docs/decisions.md).
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import httpx
import msgspec

from webhook.cluster.api_error import answered, unanswered
from webhook.cluster.credentials import Credentials
from webhook.cluster.kubeconfig_errors import cut_to_a_line

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Limit of one response; a page of 500 large VMs has a tenth of it."""
MAX_LINE_BYTES = 32 * 1024 * 1024
"""Limit of one watch event; etcd stores no object of more than 1.5 MiB."""

MAX_RETRY_AFTER_SECONDS = 30
"""A longer `Retry-After` is cut to this."""

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
"""OpenSSL's word, in an error's message, for a certificate that no trusted CA has signed."""
THROUGH_PROXY = " through the proxy "
"""Part of the message of a call that failed through a proxy."""

_SECONDS = 10.0
_DRY_RUN_SECONDS = 40.0
"""A creation waits for all admission webhooks, each of which may take 30 s; an API server gives up after 34 s."""
_UNAUTHORIZED = 401
_RETRY_AFTER = re.compile(r"\d{1,9}", re.ASCII)
_WARNING = re.compile(r'^299 \S+ "((?:[^"\\]|\\.)*)"')
"""One warning of an API server, as RFC 7234 writes it; quotes and backslashes in it are escaped."""
_NONE: Mapping[str, str] = {}

_encode = msgspec.json.encode


class _Call(NamedTuple):
    method: str
    path: str
    query: Mapping[str, str] = _NONE
    content: bytes = b""
    content_type: str = "application/json"


class _Answer(NamedTuple):
    body: bytes
    warning_headers: Sequence[str]

    @property
    def warnings(self) -> Sequence[str]:
        """Texts of the warnings that came with it."""
        found = (_WARNING.match(header) for header in self.warning_headers)
        return [re.sub(r"\\(.)", r"\1", match[1]) for match in found if match is not None]


class ApiServer:
    """An API server, called as one user.

    Every call raises `ApiError` when no response comes within `seconds`, or its status is not 2xx.

    Attributes:
        base_url: Address of the server, for messages.
        skew: Seconds by which this clock was ahead of the server's at its last response, to the second; `None` before the first.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._http = credentials.client()
        self._through = f"{THROUGH_PROXY}{credentials.proxy}" if credentials.proxy else ""
        self.base_url = credentials.base_url
        self.skew: float | None = None

    async def get(self, path: str, query: Mapping[str, str] = _NONE, *, seconds: float = _SECONDS) -> bytes:
        """The body of a GET."""
        return (await self._asked(_Call("GET", path, query), seconds)).body

    async def post(self, path: str, obj: object, *, seconds: float = _SECONDS) -> bytes:
        """Create an object; returns it as it was stored."""
        return (await self._asked(_Call("POST", path, content=_encode(obj)), seconds)).body

    async def dry_run(self, path: str, obj: object, *, seconds: float = _DRY_RUN_SECONDS) -> Sequence[str]:
        """Create an object without storing it; returns the warnings of the response. All admission webhooks are called.

        Without `fieldValidation` an API server from 1.27 on would add warnings about unknown fields.
        """
        query = {"dryRun": "All", "fieldValidation": "Ignore"}
        return (await self._asked(_Call("POST", path, query, _encode(obj)), seconds)).warnings

    async def patch(self, path: str, obj: object, *, content_type: str = MERGE_PATCH, seconds: float = _SECONDS) -> bytes:
        """Patch an object; returns it as it was stored. `ApiError` of reason `conflict` when the patch names an old resourceVersion."""
        return (await self._asked(_Call("PATCH", path, content=_encode(obj), content_type=content_type), seconds)).body

    async def apply(self, path: str, obj: object, *, manager: str, seconds: float = _SECONDS) -> bytes:
        """Server-side apply as this field manager, which creates a missing object; returns the object as it was stored."""
        return (await self._asked(_Call("PATCH", path, {"fieldManager": manager}, _encode(obj), APPLY_PATCH), seconds)).body

    @contextlib.asynccontextmanager
    async def lines(self, path: str, query: Mapping[str, str], *, silence_seconds: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """The lines of a watch as they arrive, each one a JSON object, until the server ends the stream.

        Raises:
            ApiError: As for other calls; of reason `timeout` when no byte comes for `silence_seconds`.
        """
        call = _Call("GET", path, query)
        asked = self._named(call)
        with _network_errors(asked, silence_seconds, self._through):
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

    async def _asked(self, call: _Call, seconds: float) -> _Answer:
        asked = self._named(call)
        with _network_errors(asked, seconds, self._through):
            async with asyncio.timeout(seconds):
                response = await self._sent(call)
                try:
                    body = await _whole(response, asked)
                finally:
                    await response.aclose()
        if not response.is_success:
            raise answered(asked, response.status_code, body, retry_after=_retry_after(response))
        return _Answer(body, response.headers.get_list("Warning"))

    async def _sent(self, call: _Call) -> httpx.Response:
        """The response with its body unread. After a 401 or an untrusted certificate the credentials are read again, once."""
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
            raise unanswered(self._named(call), "unavailable", "no call is made any more: the program is about to stop")
        headers = await self._credentials.headers()
        if call.content:
            headers["Content-Type"] = call.content_type
        request = self._http.build_request(
            call.method, call.path, params=dict(call.query), headers=headers, content=call.content, extensions=self._credentials.extensions
        )
        response = await self._http.send(request, stream=True)
        with contextlib.suppress(ValueError, OverflowError):
            self.skew = time.time() - parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
        return response

    def _named(self, call: _Call) -> str:
        return f"{call.method} {self.base_url}{call.path}"


def _retry_after(response: httpx.Response) -> float:
    """The `Retry-After` header in seconds; a date, which API servers do not send, is ignored."""
    value = response.headers.get("Retry-After", "")
    return float(min(int(value), MAX_RETRY_AFTER_SECONDS)) if _RETRY_AFTER.fullmatch(value) else 0.0


async def _whole(response: httpx.Response, asked: str) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise unanswered(asked, "unreadable", f"the answer has more than {MAX_BODY_BYTES:,} bytes")
        parts.append(part)
    return b"".join(parts)


async def _lines(response: httpx.Response, asked: str, silence_seconds: float) -> AsyncIterator[bytes]:
    """Lines, split at line feeds only: a JSON string may hold other characters that Unicode counts as line ends."""
    parts = aiter(response.aiter_raw())
    rest: list[bytes] = []
    size = 0
    while True:
        with _network_errors(asked, silence_seconds):
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
def _network_errors(asked: str, seconds: float, through: str = "") -> Iterator[None]:
    """Raise time-outs and errors of the network within the block as `ApiError`."""
    try:
        yield
    except TimeoutError as error:
        raise unanswered(asked, "timeout", f"nothing came{through} for {round(seconds, 1):g} s") from error
    except httpx.HTTPError as error:
        raise unanswered(asked, "unavailable", f"no answer{through}: {cut_to_a_line(str(error)) or _without_message(error)}") from error


def _without_message(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return "no connection could be made"
    return "the connection broke off"
