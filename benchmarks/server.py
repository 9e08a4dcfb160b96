"""`bindguard serve` under load over TLS, on one core, the load generator on the other: against a constant ASGI app, FastAPI, kopf and Go.

Needs wrk and h2load (Debian: wrk, nghttp2-client) and, for two baselines, kopf from PyPI and Go (Debian: golang-go);
what is missing is said and left out.
"""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.corpus import launcher
from benchmarks.engine import review
from benchmarks.machine import median, row

_RUNS = 5
_SECONDS = 2
_CONNECTIONS = 8
_POST = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local file = io.open("{body}", "rb"); wrk.body = file:read("*a"); file:close()
"""
_BIN = Path(sys.executable).parent
_OURS = "bindguard"


def on_core(core: int, command: Sequence[str]) -> list[str]:
    """The command pinned to one processor."""
    return ["taskset", "-c", str(core), *command]


@contextlib.contextmanager
def serving(command: Sequence[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server process on core 0 that accepts connections on `port`."""
    with tempfile.TemporaryFile() as output, subprocess.Popen(on_core(0, command), stdout=output, stderr=output) as process:
        try:
            _wait_for(port, process)
            yield process
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise SystemExit(f"nothing listens on port {port}: {process.args!r}")


def requests_per_second(port: int, body: Path, path: str = "/validate") -> float:
    """What wrk gets answered with HTTP 200 on keep-alive TLS connections."""
    script = body.with_suffix(".lua")
    script.write_text(_POST.format(body=body))
    url = f"https://127.0.0.1:{port}{path}"
    command = on_core(1, ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{_SECONDS}s", "-s", str(script), url])
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"not every request was answered:\n{output}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))  # type: ignore[union-attr]  # wrk always prints it


def in_turns(ports: Sequence[int], body: Path) -> list[list[float]]:
    """Requests per second of each port, round by round: on a shared machine only what ran just before and after can be compared."""
    rounds = [[requests_per_second(port, body) for port in ports] for _ in range(_RUNS)]
    return [list(rates) for rates in zip(*rounds, strict=True)]


def launcher_pod(directory: Path) -> Path:
    """A review of a launcher pod, in a file, and beside it a directory `vmis` with its VMI."""
    pod, vmi = launcher()
    (directory / "vmis").mkdir()
    (directory / "vmis/vmi.json").write_bytes(vmi)
    body = directory / "pod.json"
    body.write_bytes(pod)
    return body


def latencies(port: int, body: Path, *, clients: int, rate: float | None, seconds: int) -> tuple[float, float]:
    """p50 and p99 in milliseconds of single requests at a fixed rate per second (`None`: one after the other)."""
    with tempfile.NamedTemporaryFile() as log:
        command = [
            "h2load",
            "--h1",
            f"-c{clients}",
            "-t1",
            "-d",
            str(body),
            "-H",
            "content-type: application/json",
            f"--log-file={log.name}",
        ]
        command += [f"--rps={rate / clients:.0f}", f"-D{seconds}"] if rate is not None else [f"-D{seconds}"]
        subprocess.run(on_core(1, [*command, f"https://127.0.0.1:{port}/validate"]), capture_output=True, check=True)
        times = sorted(int(line.split()[2]) / 1000 for line in Path(log.name).read_text().splitlines() if line.split()[1] == "200")
    return times[len(times) // 2], times[len(times) * 99 // 100]


def new_connections_per_second(port: int, body: bytes, seconds: float = 3) -> float:
    """Whole exchanges per second when each opens a TLS connection of its own."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    head = (
        f"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as Go's client, and so the API server, does
            connection.sendall(head.encode() + body)
            while connection.recv(65536):
                pass
        count += 1
    return count / seconds


def resident_megabytes(pid: int) -> float:
    """The resident set of a process now."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024  # type: ignore[union-attr]  # Linux has it


def free_port() -> int:
    """A port nobody uses at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def bindguard(port: int, certificate: Path, key: Path, *extra: str) -> list[str]:
    """Our own server, with every rule and the example registry."""
    files = ["--tls-cert", str(certificate), "--tls-key", str(key), "--registry", "examples/kubevirt.yaml"]
    addresses = ["--host", "127.0.0.1", "--port", str(port), "--operations-host", "127.0.0.1", "--operations-port", str(free_port())]
    return [str(_BIN / "bindguard"), "serve", *files, *addresses, *extra]


def uvicorn(application: str, port: int, certificate: Path, key: Path, *extra: str) -> list[str]:
    """A baseline on the same uvicorn, event loop and parser."""
    quiet = ["--no-access-log", "--log-level", "warning", "--loop", "uvloop", "--http", "httptools", "--lifespan", "off"]
    tls = ["--ssl-certfile", str(certificate), "--ssl-keyfile", str(key)]
    return [sys.executable, "-m", "uvicorn", application, "--port", str(port), *quiet, *tls, *extra]


def main(*, requests: int = 200_000) -> None:
    """All of them; `requests` is how many the memory figure is taken over."""
    missing = [name for name in ("wrk", "h2load", "taskset") if shutil.which(name) is None]
    if missing or len(os.sched_getaffinity(0)) < 2:
        print(
            f"server: left out, needs two processors and {', '.join(missing) or 'nothing else'} (Debian: wrk, nghttp2-client, util-linux)"
        )
        return
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            [str(_BIN / "bindguard"), "certs", "generate", "--dir", f"{directory}/certs", "--name", "127.0.0.1"],
            check=True,
            capture_output=True,
        )
        certificate, key = Path(directory, "certs/tls.crt"), Path(directory, "certs/tls.key")
        body = Path(directory, "review.json")
        text = review(2, padding=7000).decode().replace('"p1"', '"l2bridge"')
        body.write_text(text)
        _measure(body, certificate, key, requests)
        _measure_pods(launcher_pod(Path(directory)), certificate, key)


def _measure(body: Path, certificate: Path, key: Path, requests: int) -> None:
    port = free_port()
    with serving(bindguard(port, certificate, key), port) as process, contextlib.ExitStack() as others:
        baselines = list(_baselines(certificate, key, body.parent))
        for baseline in baselines:
            others.enter_context(serving(baseline.command, baseline.port))
        ours, *theirs = in_turns([port, *(baseline.port for baseline in baselines)], body)
        size = f"{len(body.read_bytes()) / 1000:.1f} kB VMI review"
        row(f"validate, {_CONNECTIONS} TLS connections", f"{median(ours):,.0f} requests/s", "none", size)
        for baseline, rates in zip(baselines, theirs, strict=True):
            times = median([one / other for one, other in zip(ours, rates, strict=True)])
            row(f"  against {baseline.name}", f"{times:.2f} x", baseline.goal, f"{median(rates):,.0f} requests/s")
        constants = [
            (each.name, each.port, median(rates)) for each, rates in zip(baselines, theirs, strict=True) if "constant" in each.name
        ]
        _measure_latencies([(_OURS, port, median(ours)), *constants], body)
        new = new_connections_per_second(port, body.read_bytes())
        row("a new TLS connection for each request", f"{new:,.0f} requests/s", "none")
        before = resident_megabytes(process.pid)
        _send(port, body, requests)
        after = resident_megabytes(process.pid)
        row(f"memory after {requests:,} more requests", f"{after:.0f} MB", "<= 80 MB, flat", f"{after - before:+.1f} MB over them")


def _measure_pods(pod: Path, certificate: Path, key: Path) -> None:
    port = free_port()
    with serving(bindguard(port, certificate, key, f"--vmi-directory={pod.parent / 'vmis'}", "--overhead=even-if-counted"), port):
        patched = median([requests_per_second(port, pod, "/mutate") for _ in range(_RUNS)])
    size = f"{len(pod.read_bytes()) / 1000:.1f} kB launcher pod, its VMI looked for in files"
    row(f"mutate, {_CONNECTIONS} TLS connections", f"{patched:,.0f} requests/s", "none", size)


def _measure_latencies(servers: Sequence[tuple[str, int, float]], body: Path) -> None:
    """Of each by name, port and requests per second when saturated, ours first: what all have is the machine's and the load generator's."""
    for name, port, _ in servers:
        p50, p99 = latencies(port, body, clients=1, rate=None, seconds=3)
        row(f"latency one at a time, {name}", f"p50 {p50:.2f} p99 {p99:.2f} ms", "<= 0.35 and <= 1 ms" if name == _OURS else "none")
    for name, port, rate in servers:
        p50, p99 = latencies(port, body, clients=_CONNECTIONS, rate=rate / 2, seconds=5)
        row(
            f"at half of saturation, {name}",
            f"p99/p50 {p99 / p50:.1f}",
            "<= 3" if name == _OURS else "none",
            f"p50 {p50:.2f} p99 {p99:.2f} ms",
        )


def _send(port: int, body: Path, requests: int) -> None:
    command = ["h2load", "--h1", f"-c{_CONNECTIONS}", "-t1", "-n", str(requests), "-d", str(body), "-H", "content-type: application/json"]
    subprocess.run(on_core(1, [*command, f"https://127.0.0.1:{port}/validate"]), capture_output=True, check=True)


class _Baseline(NamedTuple):
    """What is held against: a server, and how many times as fast we want to be."""

    name: str
    goal: str
    port: int
    command: list[str]


def _baselines(certificate: Path, key: Path, directory: Path) -> Iterator[_Baseline]:
    port = free_port()
    constant = uvicorn("benchmarks.baselines:constant", port, certificate, key)
    yield _Baseline("a constant on the same uvicorn", ">= 0.75 x", port, constant)
    port = free_port()
    route = uvicorn("benchmarks.baselines:fastapi_with_pydantic", port, certificate, key, "--factory")
    yield _Baseline("a FastAPI route with a pydantic body", ">= 2.5 x", port, route)
    if importlib.util.find_spec("kopf") is not None:
        port = free_port()
        kopf = [sys.executable, "-m", "benchmarks.baselines", str(port), str(certificate), str(key)]
        yield _Baseline("kopf's admission server", ">= 6 x", port, kopf)
    else:
        print("  kopf: left out, it is not installed (pip install 'kopf[dev]')")
    if (go := shutil.which("go")) is not None:
        port, program = free_port(), directory / "constant"
        subprocess.run([go, "build", "-o", str(program), "benchmarks/constant.go"], check=True)
        version = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout.strip()
        yield _Baseline(f"a constant on {version}'s net/http", "> 1 x", port, [str(program), str(port), str(certificate), str(key)])
    else:
        print("  Go: left out, it is not installed (Debian: golang-go)")


if __name__ == "__main__":
    main(requests=int(json.loads(sys.argv[1])) if len(sys.argv) > 1 else 200_000)
