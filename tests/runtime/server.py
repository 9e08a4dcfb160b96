"""A server as a process: started, asked over real sockets, told to stop. Every wait has an end."""

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds until a test gives up; nothing takes a tenth of it."""

LOCAL = ("--host", "127.0.0.1", "--port", "0", "--operations-host", "127.0.0.1", "--operations-port", "0")
QUICK = ("--reload-seconds", "0.05", "--drain-seconds", "0.2")


def serve_to_the_end(
    directory: Path, *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `bindguard serve` that is not expected to stay."""
    done = subprocess.run(
        _command(arguments), cwd=directory, env=_environment(environment), capture_output=True, timeout=PATIENCE, check=False
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def problems(done: subprocess.CompletedProcess[bytes]) -> str:
    """What its log says kept a server from starting; every line on standard error is one of the log."""
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    return "\n".join(line["problem"] for line in lines if (line["event"], line["level"]) == ("cannot start", "critical"))


def _command(arguments: tuple[str | Path, ...]) -> list[str]:
    return [sys.executable, "-m", "webhook", "serve", *map(str, arguments)]


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, **(extra or {})}


class Server:
    """A running `bindguard serve`, ready when the block is entered, killed if it still runs when the block is left.

    Attributes:
        ready: The line that told it.
        patience: Seconds until a log line that is waited for counts as missing.
    """

    waits_for = "ready"
    patience = PATIENCE

    def __init__(self, directory: Path, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self._arguments = (*LOCAL, *QUICK, *arguments)
        self._environment = _environment(environment)
        self._lines: list[dict[str, Any]] = []
        self._leaves = False
        self._reads = threading.Event()
        self._reads.set()
        self._news = threading.Condition()

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            _command(self._arguments), cwd=self.directory, env=self._environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.ready = self.told(self.waits_for)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()
        if kind is None:
            assert [line for line in self._lines if "exception" in line] == []

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.go_on_reading()
        self._reader.join(PATIENCE)
        if self.process.stderr is not None:
            self.process.stderr.close()

    def _read(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        for line in stream:
            self._heard({"event": line.decode()} if not line.startswith(b"{") else json.loads(line))
            if self._leaves:
                stream.close()
                return
            self._reads.wait()
        self._heard({"event": "end of the log"})

    def _heard(self, line: dict[str, Any]) -> None:
        with self._news:
            self._lines.append(line)
            self._news.notify_all()

    def stop_reading(self) -> None:
        """Go away as a reader of the log after one more line."""
        self._leaves = True

    def pause_reading(self) -> None:
        """Leave the log in its pipe after one more line."""
        self._reads.clear()

    def go_on_reading(self) -> None:
        """Read all that was written meanwhile."""
        self._reads.set()

    def told(self, event: str, count: int = 1) -> dict[str, Any]:
        """The log line of the `count`th such event, waited for."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.all_told(event)) >= count or self._is_over(), self.patience), self._lines
            assert len(self.all_told(event)) >= count, self._lines
            return self.all_told(event)[count - 1]

    def all_told(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self._lines if line["event"] == event]

    def _is_over(self) -> bool:
        return bool(self.all_told("end of the log"))

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def exit_code(self) -> int:
        return self.process.wait(PATIENCE)

    def client(self, certificate: Path | None = None) -> httpx.Client:
        """A client of the admission port that trusts `certs/ca.crt`, or `certificate`."""
        base = self.ready["admission"]
        if base.startswith("http:"):
            return httpx.Client(base_url=base, timeout=PATIENCE)
        return httpx.Client(base_url=base, verify=trusting(certificate or self.directory / "certs/ca.crt"), timeout=PATIENCE)

    def operations(self, path: str) -> httpx.Response:
        return httpx.get(self.ready["operations"] + path, timeout=PATIENCE)

    def metric(self, name: str) -> float:
        lines = self.operations("/metrics").text.splitlines()
        return float(next(line.rpartition(" ")[2] for line in lines if line.startswith(name + " ")))


def trusting(ca: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca))


def eventually(promise: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not promise():
        assert time.monotonic() < end, "it never held"
        time.sleep(0.01)


def validate(client: httpx.Client, body: bytes) -> dict[str, Any]:
    """The response part of the answer to a review."""
    answer = client.post("/validate?timeout=10s", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    response = answer.json()["response"]
    assert isinstance(response, dict)
    return response


@contextlib.contextmanager
def asking(ask: Callable[[], None], *, threads: int = 4) -> Iterator[list[BaseException]]:
    """Ask over and over from some threads while the block runs; what went wrong is in the list afterwards."""
    problems: list[BaseException] = []
    over = threading.Event()

    def keep_asking() -> None:
        while not over.is_set():
            try:
                ask()
            except BaseException as error:  # noqa: BLE001 - every problem is the test's to check
                problems.append(error)
                return

    running = [threading.Thread(target=keep_asking, daemon=True) for _ in range(threads)]
    for each in running:
        each.start()
    try:
        yield problems
    finally:
        over.set()
        for each in running:
            each.join(PATIENCE)
