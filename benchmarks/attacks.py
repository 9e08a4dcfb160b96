"""Attacks of a pod that is not the API server on a running `bindguard serve`: connections, handshakes and bodies, by the thousand.

Loopback only, and bounded in number and time: two minutes in all. Beside each attack a client that has been connected from the beginning
sends reviews, and another one asks `/livez` on a new connection each time. Memory is the server's resident set.
"""

import http.client
import multiprocessing
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from benchmarks.engine import review
from benchmarks.load import counted
from benchmarks.server import free_port, resident_megabytes

_SECONDS = 12.0
_SETTLES = 8.0
_VERSION = b"GET /version HTTP/1.1\r\nhost: a\r\n\r\n"
_NOWHERE = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
_POST = b"POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
_HALF_A_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(40)


class Ports(NamedTuple):
    """Where the server listens."""

    admission: int
    operations: int


def main(*, seconds: float = _SECONDS, settles: float = _SETTLES, names: Collection[str] | None = None) -> None:
    """Every attack in turn, against one process; each line when its attack has ended and the server has had time to settle.

    Args:
        seconds: How long each attack lasts.
        settles: Seconds after each attack until memory is read once more.
        names: The functions of the attacks to run, by name; all of them without.
    """
    attacks = {name: attack for name, attack in ATTACKS.items() if names is None or attack.__name__ in names}
    with tempfile.TemporaryDirectory() as directory, _server(Path(directory)) as (process, ports):
        print("\n| attack | other clients meanwhile | connections closed | lines logged | memory before, maximum, after |")
        print("| --- | --- | --- | --- | --- |", flush=True)
        with closing(Reviewer(ports.admission)) as client:
            client.ask()
            target = Target(process.pid, ports, client, Path(directory) / "log")
            for name, attack in attacks.items():
                _report(name, target, _counted(target), _attacked(attack, target, seconds, settles))
        _against_go({name: attack for name, attack in attacks.items() if attack not in OF_OPERATIONS}, Path(directory), seconds, settles)


@contextmanager
def _server(directory: Path) -> Iterator[tuple[subprocess.Popen[bytes], Ports]]:
    ports = Ports(free_port(), free_port())
    generate = ["certs", "generate", "--dir", str(directory / "certs"), "--name", "127.0.0.1"]
    subprocess.run([sys.executable, "-m", "webhook", *generate], check=True, capture_output=True)
    tls = ["--tls-cert", str(directory / "certs/tls.crt"), "--tls-key", str(directory / "certs/tls.key")]
    files = [*tls, "--registry", "examples/kubevirt.yaml", "--host", "127.0.0.1", "--port", str(ports.admission)]
    operations = ["--operations-host", "127.0.0.1", "--operations-port", str(ports.operations), "--log-format", "json"]
    command = [sys.executable, "-m", "webhook", "serve", *files, *operations]
    with (directory / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait_until_ready(process, ports.operations)
            yield process, ports
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not get ready")


class Reviewer:
    """A client as the API server is one: a connection that stays open, and a new one only where that was closed."""

    def __init__(self, port: int) -> None:
        self._body = review(2, padding=7000).replace(b'"p1"', b'"l2bridge"')
        self._connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=_trusting_anybody())

    def ask(self) -> bool:
        """Whether a review was answered, on the connection that there is."""
        try:
            self._connection.request("POST", "/validate?timeout=5s", self._body, {"content-type": "application/json"})
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return False
        return answer.status == 200

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Target(NamedTuple):
    """What is attacked, and who asks it meanwhile."""

    pid: int
    ports: Ports
    client: Reviewer
    log: Path


class Seen(NamedTuple):
    """What others saw of an attack: seconds of each review, what was lost, and memory before, at most, and after, in MB."""

    seconds: list[float]
    lost: int
    lost_probes: int
    memory: tuple[float, float, float]


class Counted(NamedTuple):
    """What the server has counted by now."""

    turned_away: int
    lines: int


def _attacked(attack: Callable[[Ports, float], None], target: Target, seconds: float, settles: float) -> Seen:
    before = most = resident_megabytes(target.pid)
    attacker = multiprocessing.get_context("spawn").Process(target=attack, args=(target.ports, time.time() + seconds), daemon=True)
    attacker.start()
    times: list[float] = []
    lost = lost_probes = 0
    while attacker.is_alive():
        began = time.monotonic()
        lost += not target.client.ask()
        times.append(time.monotonic() - began)
        lost_probes += target.ports.operations > 0 and not _is_alive(target.ports.operations)
        most = max(most, resident_megabytes(target.pid))
        time.sleep(0.02)
    time.sleep(settles)
    return Seen(times, lost, lost_probes, (before, most, resident_megabytes(target.pid)))


def _report(name: str, target: Target, before: Counted, seen: Seen) -> None:
    after, count = _counted(target), len(seen.seconds)
    others = f"{count} reviews, {seen.lost} lost, slowest {max(seen.seconds) * 1000:.0f} ms; {count} probes, {seen.lost_probes} lost"
    memory = ", ".join(f"{each:.0f}" for each in seen.memory)
    print(f"| {name} | {others} | {after.turned_away - before.turned_away:,} | {after.lines - before.lines} | {memory} MB |", flush=True)


def _against_go(attacks: Mapping[str, Callable[[Ports, float], None]], directory: Path, seconds: float, settles: float) -> None:
    """The attacks of the admission port against Go's net/http, which answers a constant."""
    if (go := shutil.which("go")) is None:
        print("  Go: left out, it is not installed (Debian: golang-go)")
        return
    program, port = directory / "constant", free_port()
    subprocess.run([go, "build", "-o", str(program), "benchmarks/constant.go"], check=True)
    with subprocess.Popen([program, str(port), directory / "certs/tls.crt", directory / "certs/tls.key"]) as process:
        try:
            time.sleep(1)
            with closing(Reviewer(port)) as client:
                for name, attack in attacks.items():
                    seen = _attacked(attack, Target(process.pid, Ports(port, 0), client, directory / "log"), seconds, settles)
                    memory = ", ".join(f"{each:.0f}" for each in seen.memory)
                    print(f"  Go: {name}: {len(seen.seconds)} reviews, {seen.lost} lost; {memory} MB", flush=True)
        finally:
            process.kill()


def _counted(target: Target) -> Counted:
    return Counted(_turned_away(target.ports.operations), target.log.read_bytes().count(b"\n"))


def _is_alive(port: int) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/livez", timeout=5).status_code == 200
    return False


def _turned_away(port: int) -> int:
    return counted(httpx.get(f"http://127.0.0.1:{port}/metrics").text, "bindguard_connections_turned_away_total")


def _trusting_anybody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _open(port: int, *, tls: bool, number: int = 0, clients: int = 1) -> Any:
    """A connection from one of so many addresses; `OSError` when there is none."""
    raw = socket.create_connection(("127.0.0.1", port), 5, source_address=(f"127.0.0.{2 + number % clients}", 0))
    return _TLS.wrap_socket(raw) if tls else raw


_TLS = _trusting_anybody()


def _hold(port: int, count: int, until: float, sent: bytes, *, tls: bool, clients: int = 1) -> None:
    """Open so many connections, send the same on each, and hold all until the end."""
    held = []
    for number in range(count):
        if time.time() >= until:
            break
        with suppress(OSError):
            connection = _open(port, tls=tls, number=number, clients=clients)
            held.append(connection)
            connection.sendall(sent)
    time.sleep(max(0.0, until - time.time()))


def operations_idle(ports: Ports, until: float) -> None:
    """One address."""
    _hold(ports.operations, 2048, until, _VERSION, tls=False)


def operations_idle_of_many(ports: Ports, until: float) -> None:
    """A hundred addresses."""
    _hold(ports.operations, 2048, until, _VERSION, tls=False, clients=100)


def admission_idle(ports: Ports, until: float) -> None:
    """One address."""
    _hold(ports.admission, 2300, until, _NOWHERE, tls=True)


def admission_idle_of_many(ports: Ports, until: float) -> None:
    """A hundred addresses."""
    _hold(ports.admission, 2300, until, _NOWHERE, tls=True, clients=100)


def silent(ports: Ports, until: float) -> None:
    """No byte of a handshake."""
    _hold(ports.admission, 10_000, until, b"", tls=False)


def half_a_hello(ports: Ports, until: float) -> None:
    """A handshake that does not go on."""
    _hold(ports.admission, 10_000, until, _HALF_A_HELLO, tls=False, clients=100)


def trickling(ports: Ports, until: float) -> None:
    """Bodies that lack ten bytes, begun anew before their time is over."""
    while time.time() < until:
        _hold(ports.admission, 560, min(until, time.time() + 4.5), _POST % 1000 + b" " * 990, tls=True)


def large_bodies(ports: Ports, until: float) -> None:
    """Bodies of 6 MB that lack ten bytes: four times what is held of all."""
    while time.time() < until:
        _hold(ports.admission, 40, min(until, time.time() + 4.5), _POST % 6_000_000 + b" " * 5_999_990, tls=True, clients=10)


def refused(ports: Ports, until: float) -> None:
    """Requests that are refused, as fast as one client can send them."""
    with _open(ports.admission, tls=True) as connection:
        while time.time() < until:
            connection.sendall(_NOWHERE.replace(b"GET / ", b"GET /validate "))
            connection.recv(65536)


ATTACKS: dict[str, Callable[[Ports, float], None]] = {
    "operations port: 2,048 connections of one client, one `GET /version` each, then idle": operations_idle,
    "operations port: the same from 100 addresses": operations_idle_of_many,
    "admission port: 2,300 TLS connections of one client, one `GET /` each, then idle": admission_idle,
    "admission port: the same from 100 addresses": admission_idle_of_many,
    "10,000 TCP connections without a byte": silent,
    "10,000 TCP connections with half a ClientHello, from 100 addresses": half_a_hello,
    "560 connections with a body that lacks 10 bytes, renewed every 4.5 s": trickling,
    "40 bodies of 6 MB that lack 10 bytes, from 10 addresses, renewed": large_bodies,
    "refused requests without a pause on one connection": refused,
}

OF_OPERATIONS = frozenset({operations_idle, operations_idle_of_many})
"""Attacks of the operations port."""


if __name__ == "__main__":
    main()
