"""A front door on a real socket, in a thread of its own, and the plainest clients: what the tests of this directory talk to."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Any, BinaryIO, TypeVar

import uvloop
from starlette.types import ASGIApp

from tests.admission import launchers, reviews
from webhook.admission.pods import OverheadMode
from webhook.admission.rule_set import RuleSet
from webhook.admission.vmi_source import VMISource
from webhook.http.callers import ReadRates
from webhook.http.limited_listener import LimitedListener
from webhook.http.limits import ConnectionLimits, Limits
from webhook.http.listener import Listener
from webhook.http.metrics import Metrics
from webhook.http.pool import TurnedAway
from webhook.http.review_engine import Engine
from webhook.http.reviewers import Confirm
from webhook.http.router import Router
from webhook.rules.base import Action

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds until a test gives up: many, as nothing here depends on speed."""


LIMITED, PLAIN_UVICORN = "limited", "plain-uvicorn"
SERVED_BY = ContextVar("served by", default=LIMITED)
"""Which listener `serving` starts; the fixture `each_listener` sets it."""


class VMIs:
    """VMIs by name: bytes, nothing, or something to raise; `open` lets waiting readers through."""

    def __init__(self, found: bytes | Exception | None = None, *, shut: bool = False) -> None:
        self._found = found
        self._gate = asyncio.Event()
        self.asked = threading.Semaphore(0)
        if not shut:
            self._gate.set()

    async def get(self, namespace: str, name: str, uid: str = "") -> bytes | None:  # noqa: ARG002 - there is one answer
        self.asked.release()
        await self._gate.wait()
        if isinstance(self._found, Exception):
            raise self._found
        return self._found

    async def open(self) -> None:
        self._gate.set()


WEB = VMIs(json.dumps(launchers.vmi()).encode())


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Awaitable[T]) -> T:
        return asyncio.run_coroutine_threadsafe(_awaited(work), self.loop).result(PATIENCE)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()


async def _awaited(work: Awaitable[T]) -> T:
    return await work


class Served:
    """A started listener.

    Attributes:
        metrics: What its front door counts.
        refused: Codes that its connections refused by themselves.
        turned_away: Why connections were closed to make room.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, limits: ConnectionLimits) -> None:
        self.loop = Loop()
        self.metrics = metrics
        self.refused: list[int] = []
        self.turned_away: list[TurnedAway] = []
        self.listener = (
            Listener(app, host="127.0.0.1", port=0, keep_alive_seconds=limits.keep_alive_seconds)
            if SERVED_BY.get() == PLAIN_UVICORN
            else LimitedListener(
                app, host="127.0.0.1", port=0, limits=limits, refused=self.refused.append, turned_away=self.turned_away.append
            )
        )
        self.loop.run(self.listener.start())
        self.port = self.listener.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sample(self, name: str, **labels: str) -> float:
        """The value of a metric; 0 when there is none yet."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that will come to hold."""
        give_up = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < give_up
            time.sleep(0.005)

    def connect(self) -> socket.socket:
        """A raw connection that never waits for ever."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def rule_set() -> RuleSet:
    return launchers.rule_set({"passt": launchers.PASST, "blue": reviews.TAP})


def front(
    metrics: Metrics,
    *,
    vmis: VMISource = WEB,
    limits: Limits | None = None,
    book: Callable[[], RuleSet] = rule_set,
    mode: OverheadMode = OverheadMode.EVEN_IF_COUNTED,
    confirm: Confirm | None = None,
    pods: Action = Action.OFF,
    rates: ReadRates | None = None,
) -> Router:
    engine = Engine(rule_set=book, vmis=vmis, mode=mode, confirm=confirm, pods=pods, rates=rates or ReadRates())
    return Router(engine, limits=limits or Limits(), metrics=metrics)


@contextlib.contextmanager
def serving(app: ASGIApp | None = None, *, connections: ConnectionLimits | None = None, **options: Any) -> Iterator[Served]:
    """Serve a front door made with `options`, or `app`, until the test is over; nothing is left over then."""
    metrics = Metrics("1.2.3")
    served = Served(app or front(metrics, **options), metrics, connections or ConnectionLimits())
    try:
        yield served
    finally:
        served.loop.run(served.listener.stop(PATIENCE / 2))
        served.loop.close()


def vmi_review(**request: Any) -> bytes:
    """A review of a VMI that is allowed."""
    return reviews.review(reviews.vmi_object(reviews.GOOD), **request)


def bad_review(**request: Any) -> bytes:
    """A review of a VMI that is denied."""
    return reviews.review(reviews.vmi_object(reviews.BAD), **request)


def pod_review(**request: Any) -> bytes:
    """A review of a launcher pod that is patched when its VMI is `WEB`."""
    return launchers.review(launchers.pod(), **request)


def post(body: bytes, path: str = "/validate", *headers: str) -> bytes:
    """A request as bytes."""
    lines = [f"POST {path} HTTP/1.1", "host: bindguard", "content-type: application/json", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    parts = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts += part
    return bytes(parts)


def read_answer(stream: BinaryIO) -> tuple[int, dict[str, str], Any]:
    """One answer of `connection.makefile("rb")`: status, headers and JSON."""
    status = int(stream.readline().split()[1])
    headers: dict[str, str] = {}
    while line := stream.readline().strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return status, headers, json.loads(stream.read(int(headers["content-length"])))


def ask(connection: socket.socket, request: bytes) -> tuple[int, dict[str, str], Any]:
    """Send a request, or what is to look like one, and read one answer."""
    connection.sendall(request)
    with connection.makefile("rb") as stream:
        return read_answer(stream)


def assert_closed(connection: socket.socket) -> None:
    """The server has closed the connection, or will."""
    assert read_all(connection) == b""
