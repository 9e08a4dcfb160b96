"""The simulated API server: objects with a history, watches that replay it, and faults of every request by chance. No sockets.

What it promises is what Kubernetes promises: a read without a resourceVersion is linearizable, a write with an old one is refused, a watch
tells events in order from where it was asked to begin. Everything else is left to chance: how long a request or an answer travels, whether
either is lost, whether a watch lags, repeats, falls silent, is cut or begins too far back.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from typing import Any, NamedTuple

import httpx

from tests.cluster.patches import patched
from tests.simulation.virtual_time import EPOCH

Object = dict[str, Any]
APPLY = "application/apply-patch+yaml"
KUBEVIRTS = "/apis/kubevirt.io/v1/kubevirts"
HOST = "http://api"


class Faults(NamedTuple):
    """How often what goes wrong; each a probability for one request, or one event.

    Attributes:
        slow: An answer takes up to eight seconds.
        lost: A request is lost before it comes, or its answer after it was done.
        refused: The server answers 429, 500, 503 or 404.
        cut: A watch is cut within seconds.
        deaf: A watch falls silent: all its events from then on are lost.
        doubled: An event is told twice.
    """

    slow: float = 0.0
    lost: float = 0.0
    refused: float = 0.0
    cut: float = 0.0
    deaf: float = 0.0
    doubled: float = 0.0


class Machine:
    """Where one replica runs: its wall clock, its network, and whether its process is alive.

    Attributes:
        name: Of the pod.
        ahead: Seconds by which its wall clock is ahead.
        cut_until: Until when the network does not reach the API server.
        alive: Whether the process runs; a dead one sends nothing and hears nothing.
        dies_after_write: Whether the process dies between its next write and the answer to it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.ahead = 0.0
        self.cut_until = 0.0
        self.alive = True
        self.dies_after_write = False
        self.die: Callable[[], None] = lambda: None


class _Change(NamedTuple):
    version: int
    at: float
    path: str
    type: str
    obj: Object


class ControlPlane:
    """The API server and what it stores.

    Attributes:
        objects: By path.
        faults: How often what goes wrong now.
        down_until: Until when every request fails.
        leap: Seconds that the whole world's wall clock has been set on.
        on_store: Told of every object that was stored.
        on_write: Asked before a write is done, with machine, path, body and content type.
    """

    def __init__(self, rng: random.Random, faults: Faults) -> None:
        self._rng = rng
        self._history: list[_Change] = []
        self._streams: list[_Stream] = []
        self._compacted = 0
        self.version = 100
        self.objects: dict[str, Object] = {}
        self.faults = faults
        self.down_until = 0.0
        self.leap = 0.0
        self.on_store: Callable[[str, Object], None] = lambda _path, _obj: None
        self.on_write: Callable[[Machine, str, Any, str], None] = lambda _machine, _path, _body, _type: None

    @property
    def now(self) -> float:
        """Seconds of the virtual clock."""
        return asyncio.get_running_loop().time()

    @property
    def wall(self) -> float:
        """Unix time, as the API server tells it."""
        return EPOCH + self.now + self.leap

    def store(self, path: str, obj: Object) -> Object:
        """Put an object there, with the next resourceVersion; watches are told."""
        kind = "MODIFIED" if path in self.objects else "ADDED"
        self.version += 1
        stored = json.loads(json.dumps({**obj, "metadata": {**obj.get("metadata", {}), "resourceVersion": str(self.version)}}))
        self.objects[path] = stored
        self._tell(_Change(self.version, self.now, path, kind, stored))
        self.on_store(path, stored)
        return dict(stored)

    def remove(self, path: str) -> None:
        """Take an object away; watches are told."""
        self.version += 1
        gone = self.objects.pop(path)
        gone = {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(self.version)}}
        self._tell(_Change(self.version, self.now, path, "DELETED", gone))

    def compact(self) -> None:
        """Forget the history: a watch that begins before now is answered with 410."""
        self._compacted = self.version
        self._history.clear()

    def _tell(self, change: _Change) -> None:
        self._history.append(change)
        for stream in self._streams:
            stream.put(change)

    async def answer(self, machine: Machine, request: httpx.Request) -> httpx.Response:
        """Answer a request of a machine, or lose it."""
        body = json.loads(await request.aread() or b"null")
        await self._travel(machine, lost=self.faults.lost / 2)
        if self.now < self.down_until:
            raise httpx.ConnectError("connection refused")
        if self._rng.random() < self.faults.refused:
            return self._response(*_status(self._rng.choice((429, 429, 500, 503, 404)), "Fault"), {"Retry-After": "1"})
        if request.url.params.get("watch"):
            return self._watch(machine, request)
        response = self._response(*self._done(machine, request, body))
        if request.method != "GET" and machine.dies_after_write:
            machine.dies_after_write = False
            machine.die()
        await self._travel(machine, lost=self.faults.lost / 2)
        return response

    async def _travel(self, machine: Machine, *, lost: float) -> None:
        """The way of a request, or of its answer."""
        slow = self._rng.random() < self.faults.slow
        await asyncio.sleep(self._rng.uniform(0, 8) if slow else self._rng.expovariate(200))
        if not machine.alive:
            raise httpx.ReadError("the process is gone")
        if self.now < machine.cut_until or self._rng.random() < lost:
            if self._rng.random() < 0.5:
                await asyncio.sleep(100)
            raise httpx.ReadError("the connection broke off")

    def _response(self, code: int, obj: Object, headers: dict[str, str] | None = None) -> httpx.Response:
        told = {"Date": formatdate(self.wall, usegmt=True), **(headers or {})}
        return httpx.Response(code, headers=told, stream=httpx.ByteStream(json.dumps(obj).encode()))

    def _done(self, machine: Machine, request: httpx.Request, body: Any) -> tuple[int, Object]:
        path = request.url.path
        if request.method == "GET":
            return self._read(path)
        content_type = request.headers["Content-Type"]
        self.on_write(machine, path, body, content_type)
        return self._write(path, body, content_type)

    def _read(self, path: str) -> tuple[int, Object]:
        if path == KUBEVIRTS:
            items = [obj for each, obj in self.objects.items() if "/kubevirts/" in each]
            return 200, {"kind": "List", "metadata": {"resourceVersion": str(self.version)}, "items": items}
        return (200, self.objects[path]) if path in self.objects else _status(404, "NotFound")

    def _write(self, path: str, body: Any, content_type: str) -> tuple[int, Object]:
        before = self.objects.get(path)
        if content_type == APPLY:
            return (201, self.store(path, body)) if before is None else _status(409, "Conflict")
        if before is None:
            return _status(404, "NotFound")
        try:
            after = patched(before, body, content_type)
        except AssertionError:
            return _status(422, "Invalid")
        if after["metadata"].get("resourceVersion") != before["metadata"]["resourceVersion"]:
            return _status(409, "Conflict")
        return 200, self.store(path, after)

    def _watch(self, machine: Machine, request: httpx.Request) -> httpx.Response:
        since = int(request.url.params["resourceVersion"])
        if since < self._compacted and self._rng.random() < 0.5:
            return self._response(*_status(410, "Expired"))
        stream = _Stream(self, machine, self._rng, seconds=float(request.url.params["timeoutSeconds"]))
        if since < self._compacted:
            stream.put(_Change(0, self.now, KUBEVIRTS + "/", "ERROR", _status(410, "Expired")[1]))
        for change in self._history:
            if change.version > since:
                stream.put(change)
        self._streams.append(stream)
        return httpx.Response(200, headers={"Date": formatdate(self.wall, usegmt=True)}, stream=stream)

    def forget(self, stream: "_Stream") -> None:
        """A watch has ended."""
        if stream in self._streams:
            self._streams.remove(stream)


class _Stream(httpx.AsyncByteStream):
    """One watch, with what befalls it."""

    def __init__(self, plane: ControlPlane, machine: Machine, rng: random.Random, *, seconds: float) -> None:
        faults = plane.faults
        self._plane, self._machine, self._rng = plane, machine, rng
        self._ends = plane.now + seconds
        self._cut = plane.now + rng.uniform(0, 10) if rng.random() < faults.cut else float("inf")
        self._deaf = plane.now + rng.uniform(0, 20) if rng.random() < faults.deaf else float("inf")
        self._lag = rng.choice((0.0, 0.01, 0.01, 0.5, 4.0)) * rng.random()
        self._events: asyncio.Queue[_Change] = asyncio.Queue()

    def put(self, change: _Change) -> None:
        if "/kubevirts/" in change.path:
            self._events.put_nowait(change)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        plane, held = self._plane, False
        while (left := min(self._ends, self._cut) - plane.now) > 0:
            try:
                async with asyncio.timeout(left):
                    change = await self._events.get()
                    held = True
                    await asyncio.sleep(max(0.0, change.at + self._lag - plane.now))
            except TimeoutError:
                break
            held = False
            if await self._is_heard():
                line = json.dumps({"type": change.type, "object": change.obj}).encode() + b"\n"
                for _ in range(2 if self._rng.random() < plane.faults.doubled else 1):
                    yield line
        if plane.now >= self._cut:
            raise httpx.ReadError("the watch was cut")
        if await self._is_heard() and self._events.empty() and not held:
            yield json.dumps({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(plane.version)}}}).encode() + b"\n"

    async def _is_heard(self) -> bool:
        """Whether what is sent now comes; what a network holds up comes later, in order."""
        if self._plane.now >= self._deaf:
            await asyncio.sleep(1000)
        while self._plane.now < self._machine.cut_until:  # noqa: ASYNC110 - the time may be moved on meanwhile
            await asyncio.sleep(1)
        return self._machine.alive

    async def aclose(self) -> None:
        self._plane.forget(self)


def _status(code: int, reason: str) -> tuple[int, Object]:
    return code, {"kind": "Status", "status": "Failure", "reason": reason, "message": f"simulated: {reason}", "code": code}


class Wire(httpx.AsyncBaseTransport):
    """What stands in for sockets between one machine and the API server."""

    def __init__(self, plane: ControlPlane, machine: Machine) -> None:
        self._plane, self._machine = plane, machine

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._plane.answer(self._machine, request)
