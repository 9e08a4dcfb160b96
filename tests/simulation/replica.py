"""One replica: the composition root's own parts, on a machine of the simulation. Its two ports are called, not connected to."""

import asyncio
import contextlib
import json
import random
from pathlib import Path
from typing import Any

import httpx
from kubernetes.client import Configuration

from tests.simulation.control_plane import HOST, ControlPlane, Machine, Wire
from tests.simulation.virtual_time import on_a_machine
from tests.tls import builders as tls
from webhook.cluster.api import ApiServer
from webhook.cluster.clock import Clock
from webhook.cluster.credentials import Credentials
from webhook.http.probes import ask
from webhook.runtime.assembly import Assembly, assembled
from webhook.runtime.certificate.managed import ManagedCertificate
from webhook.runtime.registry.cluster import ClusterRegistry
from webhook.runtime.settings.model import ServeSettings
from webhook.runtime.sources import World

NAMESPACE, NAME = "ns", tls.NAME
_CA = tls.ca().cert_pem.decode()

Response = dict[str, Any]


class _InProcess(Credentials):
    """Makes clients whose requests never leave the process."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(Configuration(host=HOST, ca_cert_data=_CA))
        self._wire = wire

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=HOST, transport=self._wire, timeout=None)  # noqa: S113 - as in the real one


class Replica:
    """A pod whose container is started again whenever it ends.

    Attributes:
        machine: Where it runs.
        assembly: Its parts, while the process runs.
        in_service: Whether the Service sends it reviews: its last probe was answered with ready.
        starts: How many processes there have been.
    """

    def __init__(self, machine: Machine, plane: ControlPlane, rng: random.Random, directory: Path) -> None:
        self.machine = machine
        self.assembly: Assembly | None = None
        self.in_service = False
        self.starts = 0
        self._plane, self._rng = plane, rng
        self._settings = ServeSettings(
            cluster=True,
            managed=True,
            managed_namespace=NAMESPACE,
            tls_names=(NAME,),
            state_directory=str(directory),
            reload_seconds=10,
        )
        self._process: asyncio.Task[None] | None = None
        self._stopping: asyncio.Event = asyncio.Event()
        machine.die = self.crash

    @property
    def certificate(self) -> ManagedCertificate | None:
        """The managed certificate of the process that runs."""
        found = None if self.assembly is None else self.assembly._sources.certificate
        return found if isinstance(found, ManagedCertificate) else None

    @property
    def registry(self) -> ClusterRegistry | None:
        """What the process that runs checks against."""
        found = None if self.assembly is None else self.assembly.registry
        return found if isinstance(found, ClusterRegistry) else None

    @property
    def leads(self) -> bool:
        """Whether the process believes that it leads."""
        return self.certificate is not None and self.certificate.leads

    def wall(self) -> float:
        """Unix time, as this machine tells it."""
        return self._plane.wall + self.machine.ahead

    def crash(self) -> None:
        """End the process at once: it sends nothing more."""
        self.machine.alive = False
        self.in_service = False
        if self._process is not None:
            self._process.cancel()

    def stop(self) -> None:
        """End the process as SIGTERM does."""
        self._stopping.set()

    async def live(self) -> None:
        """Run one process after the other, for ever."""
        on_a_machine(lambda: self._plane.leap + self.machine.ahead)
        while True:
            self.machine.alive = True
            self._stopping.clear()
            self.starts += 1
            self._process = asyncio.create_task(self._run())
            try:
                await asyncio.wait({self._process})
            finally:
                if not self._process.cancelling():
                    self._process.cancel()
                await asyncio.wait({self._process})
            if not self._process.cancelled() and (failure := self._process.exception()) is not None:
                raise failure
            await asyncio.sleep(self._rng.choice((0.1, 1.0, 10.0)) * self._rng.random())

    async def _connect(self, _settings: ServeSettings) -> ApiServer:
        return ApiServer(_InProcess(Wire(self._plane, self.machine)))

    async def _run(self) -> None:
        clock = Clock(asyncio.get_running_loop().time, asyncio.sleep, self._rng.random, self.wall)
        try:
            async with assembled(self._settings, World(self._connect, clock)) as assembly:
                self.assembly = assembly
                opening = asyncio.create_task(self._open(assembly))
                endless = [asyncio.create_task(each, name=name) for name, each in assembly.background_tasks()]
                stopping = asyncio.create_task(self._drained(assembly))
                try:
                    await self._until_one_ends({opening, stopping, *endless}, stopping)
                finally:
                    for task in (opening, stopping, *endless):
                        task.cancel()
        finally:
            self.assembly, self.in_service = None, False

    async def _until_one_ends(self, waiting: "set[asyncio.Task[None]]", stopping: "asyncio.Task[None]") -> None:
        """Raises what a task raises that should not end; until the process is told to stop, as `life` has it."""
        while not stopping.done():
            ended, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()

    async def _drained(self, assembly: Assembly) -> None:
        await self._stopping.wait()
        assembly.draining, self.in_service = True, False
        await asyncio.sleep(self._settings.drain_seconds)

    async def _open(self, assembly: Assembly) -> None:
        assembly.admission = await assembly.admission_port()

    async def probe(self) -> bool:
        """Ask readiness, as a kubelet does; the handshake is verified by whoever asks, since there is no port."""
        assembly = self.assembly
        if assembly is None or not self.machine.alive:
            return False
        checks = {name: check for name, check in assembly.checks.items() if name != "handshake"}
        return (await ask(checks)).ready and self.assembly is assembly

    async def review(self, path: str, body: bytes, seconds: float) -> Response | None:
        """What the admission port answers, within the caller's time; `None` when that is no answer to a review."""
        assembly = self.assembly
        if assembly is None:
            return None
        answer = asyncio.create_task(_asked(assembly, path, body, seconds))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                code, told = await answer
                return json.loads(told)["response"] if code == 200 and self.assembly is assembly else None
        return None


async def _asked(assembly: Assembly, path: str, body: bytes, seconds: float) -> tuple[int, bytes]:
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": f"timeout={seconds:g}s".encode(),
        "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await assembly._router(scope, receive, send)
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:])
