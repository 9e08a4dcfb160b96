"""Two servers behind one address, and what happens to servers in a cluster: certificates, registry, signals, replacement.

Each disturbance returns when it has come about, as the servers themselves tell; none waits for a time.
"""

import contextlib
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.balancer import Balancer
from tests.runtime.server import PATIENCE, Server, eventually, trusting
from tests.tls import builders as tls

REGISTRY = "r.yaml"
_TRANSPORT = ("--tls-cert", "mount/tls.crt", "--tls-key", "mount/tls.key", "--drain-seconds", "2")
"""So long a drain that each client asks many times in it, and is told on its connection to go elsewhere."""


class Replicas:
    """Servers as many as there are at a time, and what is done to them.

    Attributes:
        trust: TLS for clients: it trusts the CA of all certificates that there ever are.
        counts: How many times each disturbance has come about.
    """

    def __init__(self, directory: Path, arguments: Sequence[str], registries: Sequence[str], balancer: Balancer) -> None:
        """Registries come into force in turn, beginning with the first."""
        self._directory = directory
        self._arguments = (*arguments, "--registry", REGISTRY, *_TRANSPORT)
        self._registries = registries
        self._in_force = [frozenset({0})]
        self._balancer = balancer
        self._ca = tls.ca()
        self._mount = _mount(directory, self._ca)
        self._running = contextlib.ExitStack()
        self._servers: list[Server] = []
        self._leaving: list[Server] = []
        self._steady = threading.Lock()
        self.trust = trusting(directory / "ca.crt")
        self.counts: Counter[str] = Counter()
        put(directory / REGISTRY, registries[0])

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self._balancer.port}"

    def moment(self) -> int:
        """Now, for `in_force_since`."""
        return len(self._in_force) - 1

    def in_force_since(self, moment: int) -> frozenset[int]:
        """The numbers of the registries that a review which began at that moment and ends now may have been checked against."""
        return frozenset().union(*self._in_force[moment:])

    @contextlib.contextmanager
    def running(self, count: int) -> Iterator[None]:
        with self._running:
            for _ in range(count):
                self._start()
            yield
            for server in self._servers:
                self._balancer.remove(server)
            eventually(lambda: self._balancer.ready() == 0)

    def rotate(self) -> None:
        """Another pair of the same CA, as a kubelet brings it: in the end all serve it."""
        pair = tls.leaf(self._ca)
        self._mount.swap(pair)
        eventually(lambda: {self._serial_at(server) for server in list(self._servers)} == {pair.certificate.serial_number})
        self.counts["rotated"] += 1

    def rewrite(self) -> None:
        """A broken registry, by which nobody checks, and then the next good one, by which in the end all do."""
        with self._steady:
            self._heard("registry refused", "plugins: [")
            number = (max(self._in_force[-1]) + 1) % len(self._registries)
            self._in_force.append(self._in_force[-1] | {number})
            self._heard("registry reloaded", self._registries[number])
            self._in_force.append(frozenset({number}))
        self.counts["rewritten"] += 1

    def hang_up(self) -> None:
        """A SIGHUP to each server: all take another look."""
        with self._steady:
            for server in self._servers:
                before = len(server.all_told("reload requested"))
                server.signal(signal.SIGHUP)
                server.told("reload requested", before + 1)
        self.counts["hung up"] += 1

    def replace(self) -> None:
        """A new server comes, the oldest one goes: one that knows of having lost something would not end with 0."""
        with self._steady:
            self._start()
            old = self._servers.pop(0)
            self._leaving.append(old)
        old.signal(signal.SIGTERM)
        assert old.exit_code() == 0
        self._balancer.remove(old)
        self.counts["replaced"] += 1

    def _start(self) -> None:
        """One server more, that gets connections."""
        server = self._running.enter_context(Server(self._directory, *self._arguments))
        self._balancer.add(server)
        self._servers.append(server)
        eventually(lambda: self._balancer.ready() == len(self._servers))

    def _heard(self, event: str, registry: str) -> None:
        """A new content of the registry file, and the word of all that still run, draining ones included, on having seen it."""
        before = {server: len(server.all_told(event)) for server in (*self._servers, *self._leaving)}
        put(self._directory / REGISTRY, registry)
        eventually(
            lambda: all(len(server.all_told(event)) > count or server.process.poll() is not None for server, count in before.items())
        )

    def _serial_at(self, server: Server) -> int:
        """The serial number of the certificate for new connections; 0 where there is no server any more."""
        at = urlsplit(server.ready["admission"])
        with contextlib.suppress(OSError), contextlib.ExitStack() as open_:
            plain = open_.enter_context(socket.create_connection((str(at.hostname), at.port or 0), timeout=PATIENCE))
            connection = open_.enter_context(self.trust.wrap_socket(plain, server_hostname=at.hostname))
            return int(str((connection.getpeercert() or {})["serialNumber"]), 16)
        return 0


@contextlib.contextmanager
def replicas(directory: Path, *arguments: str, registries: Sequence[str]) -> Iterator[Replicas]:
    """Two servers with these arguments, as long as the block runs."""
    with Balancer() as balancer:
        both = Replicas(directory, arguments, registries, balancer)
        with both.running(2):
            yield both


def put(file: Path, content: str) -> None:
    """Replace a file at once, as a kubelet does: nobody reads half of it."""
    new = file.with_name("..new")
    new.write_text(content)
    os.replace(new, file)  # noqa: PTH105 - what the kubelet calls


def _mount(directory: Path, ca: tls.Made) -> tls.SecretMount:
    (directory / "ca.crt").write_bytes(ca.cert_pem)
    mounted = directory / "mount"
    mounted.mkdir()
    return tls.SecretMount(mounted, tls.leaf(ca))
