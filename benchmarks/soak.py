"""A long run of `bindguard serve` with a registry file: memory along the way, failures, and the server's own count of what it answered.

With `reload` the certificate is replaced and the registry rewritten every second meanwhile.
"""

import contextlib
import itertools
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks.engine import review
from benchmarks.load import counted, post
from benchmarks.server import bindguard, free_port, resident_megabytes, serving
from benchmarks.table import head, line

_STEPS = 10
_PAIRS = 3
_PLUGIN = "l2bridge"


def main(*, requests: int = 1_000_000, reload: bool = False) -> None:
    """One run; memory is sampled after every tenth of the requests."""
    missing = [name for name in ("h2load", "taskset") if shutil.which(name) is None]
    if missing:
        print(f"soak: left out, needs {' and '.join(missing)} (Debian: nghttp2-client, util-linux)")
        return
    head("Soak" + (", certificate and registry replaced every second" if reload else ""))
    with tempfile.TemporaryDirectory() as directory:
        _run(Path(directory), requests, reload=reload)


def _run(directory: Path, requests: int, *, reload: bool) -> None:
    changes = Changes(directory)
    port, operations = free_port(), free_port()
    body = directory / "review.json"
    body.write_bytes(review(2, padding=7000).replace(b'"p1"', f'"{_PLUGIN}"'.encode()))
    files = ["--registry", str(changes.registry), "--reload-seconds", "0.5", "--operations-port", str(operations)]
    with serving([*bindguard(port, changes.certificate, changes.key), *files], port) as process:
        with changes.every_second(port, operations) if reload else contextlib.nullcontext():
            samples, failed = [], 0
            for _ in range(_STEPS):
                failed += post(f"https://127.0.0.1:{port}/validate", body, requests // _STEPS).failed
                samples.append(resident_megabytes(process.pid))
        metrics = httpx.get(f"http://127.0.0.1:{operations}/metrics").text
    _tell(samples, failed, requests // _STEPS, metrics)
    if reload:
        broken = sum(counted(metrics, f"bindguard_{what}_reload_failures_total") for what in ("certificate", "registry"))
        beside = f"new certificate in {changes.shown:,} handshakes, new registry in {changes.registered:,} views; reload failures {broken}"
        line("certificate and registry replaced", f"{changes.made:,} times", "none", beside)


def _tell(samples: list[float], failed: int, step: int, metrics: str) -> None:
    answered = counted(metrics, "bindguard_requests_total", endpoint="/validate", decision="allowed", code="200")
    every = ", ".join(f"{sample:.1f}" for sample in samples)
    line("failed requests", f"{failed:,}", "0", f"of {_STEPS * step:,} reviews of VMIs on 8 keep-alive TLS connections")
    line("answered by the server's own count", f"{answered:,}", f"{_STEPS * step:,}", "all allowed")
    line(f"memory after {step:,}", f"{samples[0]:.1f} MB", "<= 80 MB")
    line(f"memory after {_STEPS * step:,}", f"{samples[-1]:.1f} MB", "<= 80 MB, flat", f"after each {step:,}: {every} MB")


class Changes:
    """Certificate, key and registry that a server is given, and others that take their place.

    Attributes:
        made: How often they were replaced.
        shown: How often a new connection was given the new certificate a second later.
        registered: How often the registry view showed the new registry a second later.
    """

    def __init__(self, directory: Path) -> None:
        """Make pairs, and put the first in place."""
        self._pairs = [_pair(directory / f"pair-{number}") for number in range(_PAIRS)]
        self.certificate, self.key, self.registry = (directory / name for name in ("tls.crt", "tls.key", "registry.yaml"))
        self.made = self.shown = self.registered = 0
        self._replace(0)

    @contextlib.contextmanager
    def every_second(self, port: int, operations: int) -> Iterator[None]:
        """Replace while the block runs."""
        over = threading.Event()
        thread = threading.Thread(target=self._keep_replacing, args=(port, operations, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(30)

    def _keep_replacing(self, port: int, operations: int, over: threading.Event) -> None:
        for number in itertools.count(1):
            self._replace(number)
            self.made += 1
            if over.wait(1):
                return
            leaf = ssl.get_server_certificate(("127.0.0.1", port))
            self.shown += self.certificate.read_text().startswith(leaf)
            self.registered += f'"extra-{number}"' in httpx.get(f"http://127.0.0.1:{operations}/registry").text

    def _replace(self, number: int) -> None:
        pair = self._pairs[number % _PAIRS]
        extra = f"        extra-{number}:\n          domainAttachmentType: tap\n"
        text = Path("examples/kubevirt.yaml").read_text()
        _put(self.registry, text.replace("      binding:\n", "      binding:\n" + extra).encode())
        _put(self.certificate, (pair / "tls.crt").read_bytes())
        _put(self.key, (pair / "tls.key").read_bytes())


def _pair(directory: Path) -> Path:
    command = [str(Path(sys.executable).with_name("bindguard")), "certs", "generate", "--dir", str(directory), "--name", "127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return directory


def _put(path: Path, content: bytes) -> None:
    """In one step, as a rename does."""
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)
