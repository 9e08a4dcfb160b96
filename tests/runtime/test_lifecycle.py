"""A server from start to stop, as its API server and its operator meet it: processes, sockets, TLS, signals."""

import json
import os
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.admission import reviews
from tests.check.builders import KUBEVIRT, write
from tests.runtime.server import LOCAL, ROOT, Server, asking, eventually, problems, serve_to_the_end, trusting, validate
from tests.tls import builders as tls

TYPO = (ROOT / "tests/data/reviews/vm-create-unregistered-generatename.json").read_bytes()
POD = (ROOT / "tests/data/reviews/pod-create-virt-launcher-2.json").read_bytes()
REGISTERED = KUBEVIRT.replace("l2bridge", "past")
JSON = {"content-type": "application/json"}

each_listener = pytest.mark.parametrize("listener", [(), ("--plain-uvicorn",)], ids=["limited", "plain-uvicorn"])


def self_signed(directory: Path, *arguments: str | Path, registry: str = KUBEVIRT) -> Server:
    write(directory, {"r.yaml": registry})
    return Server(directory, "--registry", "r.yaml", "--self-signed", *arguments)


def plain(directory: Path, *arguments: str | Path, registry: str = KUBEVIRT) -> Server:
    write(directory, {"r.yaml": registry})
    return Server(directory, "--registry", "r.yaml", "--plain-http", *arguments)


def serial_at(server: Server, ca: Path, **options: object) -> object:
    """The serial number of the certificate that a new connection gets."""
    host, _, port = server.ready["admission"].removeprefix("https://").rpartition(":")
    context = trusting(ca)
    for name, value in options.items():
        setattr(context, name, value)
    with socket.create_connection((host, int(port)), timeout=10) as raw, context.wrap_socket(raw, server_hostname=host) as connection:
        return (connection.getpeercert() or {})["serialNumber"]


def test_a_self_signed_server_denies_over_tls_that_the_printed_ca_bundle_trusts(tmp_path: Path) -> None:
    import base64  # noqa: PLC0415 - one test needs it

    with self_signed(tmp_path) as server:
        assert base64.b64decode(server.ready["ca_bundle"]) == (tmp_path / "certs/ca.crt").read_bytes()
        assert (tmp_path / "certs/tls.key").stat().st_mode & 0o777 == 0o600
        with server.client() as client:
            response = validate(client, TYPO)
        assert response["allowed"] is False
        assert response["status"]["code"] == 422
        assert "past" in response["status"]["message"]
        denied = server.told("denied")
        assert (denied["user"], denied["rules"], denied["uid"]) == ("admin", ["unregistered-plugin"], response["uid"])


def test_the_pair_made_at_one_start_is_used_at_the_next(tmp_path: Path) -> None:
    with self_signed(tmp_path) as first:
        bundle = first.ready["ca_bundle"]
    with self_signed(tmp_path) as second:
        assert second.ready["ca_bundle"] == bundle
        assert second.all_told("self-signed certificate made") == []


def test_a_registry_that_changes_counts_and_a_broken_one_keeps_the_old(tmp_path: Path) -> None:
    with plain(tmp_path) as server, server.client() as client:
        assert validate(client, TYPO)["allowed"] is False
        write(tmp_path, {"r.yaml": REGISTERED})
        assert server.told("registry reloaded")["plugins"] == 1
        assert validate(client, TYPO)["allowed"] is True
        write(tmp_path, {"r.yaml": "plugins: ["})
        assert "r.yaml:1" in server.told("registry refused")["problem"]
        assert validate(client, TYPO)["allowed"] is True
        assert server.metric("bindguard_registry_reload_failures_total") == 1
        assert server.operations("/readyz").status_code == 200
        assert list(server.operations("/registry").json()["plugins"]) == ["past"]
        write(tmp_path, {"r.yaml": KUBEVIRT})
        server.told("registry reloaded", count=2)
        assert validate(client, TYPO)["allowed"] is False
        assert len(server.all_told("registry refused")) == 1


def test_no_request_notices_that_the_registry_changes_under_it(tmp_path: Path) -> None:
    with plain(tmp_path) as server:

        def ask() -> None:
            with server.client() as client:
                for _ in range(10):
                    assert "uid" in validate(client, TYPO)

        with asking(ask) as problems:
            for count in range(1, 6):
                write(tmp_path, {"r.yaml": (REGISTERED if count % 2 else KUBEVIRT) + f"# {count}\n"})
                server.told("registry reloaded", count)
        assert problems == []


@pytest.mark.parametrize("mode", ["r+", "w"])
def test_a_registry_that_is_rewritten_in_place_in_slow_pieces_denies_nothing_meanwhile(tmp_path: Path, mode: str) -> None:
    whole = KUBEVIRT + "        past: {domainAttachmentType: tap}\n"
    with plain(tmp_path, registry=whole) as server, server.client() as client:
        for _ in range(3):
            with (tmp_path / "r.yaml").open(mode, encoding="utf-8") as stream:
                stream.truncate()
                for piece in (KUBEVIRT[:60], KUBEVIRT[60:], whole[len(KUBEVIRT) :]):
                    stream.write(piece)
                    stream.flush()
                    time.sleep(0.3)  # the second piece makes a good registry, with fewer plugins
                    assert validate(client, TYPO)["allowed"] is True
        assert server.all_told("registry refused") == server.all_told("registry reloaded") == []


def test_sighup_reloads_at_once(tmp_path: Path) -> None:
    with plain(tmp_path, "--reload-seconds", "3600") as server, server.client() as client:
        write(tmp_path, {"r.yaml": REGISTERED})
        assert validate(client, TYPO)["allowed"] is False
        server.signal(signal.SIGHUP)
        server.told("registry reloaded")
        assert validate(client, TYPO)["allowed"] is True


@each_listener
def test_a_server_that_is_told_to_stop_serves_on_and_loses_no_request(tmp_path: Path, listener: tuple[str, ...]) -> None:
    with self_signed(tmp_path, "--drain-seconds", "3", *listener) as server:
        answered = threading.Semaphore(0)

        def ask() -> None:
            with server.client() as client:
                for _ in range(5):
                    validate(client, TYPO)
                    answered.release()

        with asking(ask) as problems:
            _wait_for(answered, 20)
            server.signal(signal.SIGTERM)
            server.told("draining")
            _wait_for(answered, 20)
            with server.client() as client:
                answer = client.post("/validate", content=TYPO, headers=JSON)
            assert (answer.status_code, answer.headers["connection"]) == (200, "close")
            ready = server.operations("/readyz")
            assert (ready.status_code, ready.json()["checks"]["draining"]["ready"]) == (503, False)
            assert server.operations("/livez").status_code == 200
        assert problems == []
        assert server.exit_code() == 0
        assert server.told("stopped")


def _wait_for(answered: threading.Semaphore, count: int) -> None:
    for _ in range(count):
        assert answered.acquire(timeout=20)


def test_sigint_stops_as_sigterm_does(tmp_path: Path) -> None:
    with plain(tmp_path, "--drain-seconds", "0") as server:
        server.signal(signal.SIGINT)
        assert server.exit_code() == 0
        assert server.told("draining")["signal"] == "SIGINT"


def test_what_is_in_flight_when_the_drain_ends_is_answered(tmp_path: Path) -> None:
    with plain(tmp_path, "--drain-seconds", "0", "--body-seconds", "20") as server:
        host, _, port = server.ready["admission"].removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            head = f"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(TYPO)}\r\n\r\n"
            connection.sendall(head.encode() + TYPO[:100])
            eventually(lambda: server.metric("bindguard_request_bodies") == 1)
            server.signal(signal.SIGTERM)
            server.told("draining")
            eventually(lambda: not _accepts(host, int(port)))
            connection.sendall(TYPO[100:])
            assert connection.makefile("rb").read().startswith(b"HTTP/1.1 200")
        assert server.exit_code() == 0


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(tmp_path: Path, number: signal.Signals) -> None:
    with plain(tmp_path, "--drain-seconds", "3600") as server:
        server.signal(signal.SIGTERM)
        server.told("draining")
        server.signal(number)
        assert server.exit_code() == 128 + number
        assert server.told("stopped at once")["signal"] == number.name


@each_listener
def test_a_new_pair_is_served_to_new_connections_and_a_broken_one_is_not(tmp_path: Path, listener: tuple[str, ...]) -> None:
    ca = tls.ca()
    (tmp_path / "ca.crt").write_bytes(ca.cert_pem)
    write(tmp_path, {"r.yaml": KUBEVIRT})
    tls.write(tmp_path, tls.leaf(ca))
    with Server(tmp_path, "--registry", "r.yaml", "--tls-cert", "tls.crt", "--tls-key", "tls.key", *listener) as server:
        first = serial_at(server, tmp_path / "ca.crt")
        with server.client(tmp_path / "ca.crt") as client:
            assert validate(client, TYPO)["allowed"] is False
            write(tmp_path, {"tls.crt": (new := tls.leaf(ca)).cert_pem, "tls.key": new.key_pem})
            eventually(lambda: serial_at(server, tmp_path / "ca.crt") != first)
            assert validate(client, TYPO)["allowed"] is False
        second = serial_at(server, tmp_path / "ca.crt")
        halfway = len(server.all_told("certificate refused"))  # of a look between the two files
        write(tmp_path, {"tls.key": tls.leaf(ca).key_pem})
        assert "does not belong" in server.told("certificate refused", halfway + 1)["problem"]
        assert serial_at(server, tmp_path / "ca.crt") == second
        assert server.metric("bindguard_certificate_reload_failures_total") >= 1
        assert server.operations("/readyz").json()["checks"]["handshake"]["ready"] is True


def test_only_clients_of_the_ca_with_a_wanted_name_get_in(tmp_path: Path) -> None:
    ca = tls.made(is_ca=True, name="clients")
    (tmp_path / "client-ca.crt").write_bytes(ca.cert_pem)
    for name in ("kube-apiserver", "stranger"):
        client = tls.made(ca, name=name)
        (tmp_path / f"{name}.pem").write_bytes(client.cert_pem + client.key_pem)
    with self_signed(tmp_path, "--client-ca", "client-ca.crt", "--client-name", "kube-apiserver") as server:
        assert server.operations("/readyz").status_code == 200

        def asked(name: str | None) -> str:
            context = trusting(tmp_path / "certs/ca.crt")
            if name is not None:
                context.load_cert_chain(tmp_path / f"{name}.pem")
            with httpx.Client(base_url=server.ready["admission"], verify=context) as client:
                assert validate(client, TYPO)["allowed"] is False
                return client.post("/mutate", content=POD, headers=JSON).text

        assert '"reason":"no-vmi-source"' in asked("kube-apiserver")
        not_proved = httpx.post(server.ready["operations"] + "/mutate", content=POD, headers=JSON)
        assert '"reason":"caller-not-proved"' in not_proved.text
        for refused in ("stranger", None):
            with pytest.raises(httpx.TransportError):
                asked(refused)
        assert "stranger" in server.told("client refused")["subject"]


def test_tls_older_than_the_minimum_is_refused(tmp_path: Path) -> None:
    with self_signed(tmp_path, "--tls-minimum", "1.3") as server:
        assert serial_at(server, tmp_path / "certs/ca.crt")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            serial_at(server, tmp_path / "certs/ca.crt", maximum_version=ssl.TLSVersion.TLSv1_2)


def test_excluded_namespaces_are_left_alone_by_name_and_by_glob(tmp_path: Path) -> None:
    with plain(tmp_path, "--exclude-namespace", "def*") as server, server.client() as client:
        assert validate(client, TYPO)["allowed"] is True
    with plain(tmp_path, "--exclude-namespace", "other") as server, server.client() as client:
        assert validate(client, TYPO)["allowed"] is False


def test_rule_actions_and_limits_of_the_settings_count(tmp_path: Path) -> None:
    settings = {"BINDGUARD_RULES": "unregistered-plugin=warn", "BINDGUARD_MAX_BODY_BYTES": "16Ki", "BINDGUARD_LOG_LEVEL": "debug"}
    write(tmp_path, {"r.yaml": KUBEVIRT})
    with Server(tmp_path, "--registry", "r.yaml", "--plain-http", environment=settings) as server, server.client() as client:
        response = validate(client, TYPO)
        assert response["allowed"] is True
        assert response["warnings"]
        assert server.told("allowed")["rules"] == ["unregistered-plugin"]
        assert client.post("/validate", content=b" " * 17_000, headers=JSON).status_code == 413


def test_launcher_pods_find_their_vmi_in_the_directory(tmp_path: Path) -> None:
    metadata = {"name": "vmi-1", "namespace": "default", "uid": "00000000-0000-0000-0000-000000000001"}
    interface = {"name": "default", "binding": {"name": "l2bridge"}}
    vmi = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": metadata,
        "spec": {"domain": {"devices": {"interfaces": [interface]}}},
    }
    overhead = "{domainAttachmentType: managedTap, computeResourceOverhead: {requests: {memory: 250Mi}}}"
    registry = KUBEVIRT.replace("{domainAttachmentType: managedTap, migration: {}}", overhead)
    (tmp_path / "vmis").mkdir()
    flags = ("--vmi-directory", "vmis", "--overhead", "even-if-counted", "--kubevirt-version", "1.9")
    with plain(tmp_path, *flags, registry=registry) as server, server.client() as client:

        def mutated() -> dict[str, object]:
            return dict(client.post("/mutate", content=POD, headers=JSON).json()["response"])

        assert "patch" not in mutated()
        write(tmp_path, {"vmis/other.yaml": ""})
        assert "patch" not in mutated()
        write(tmp_path, {"vmis/vmi.json": json.dumps(vmi)})
        assert mutated()["patchType"] == "JSONPatch"
        assert server.told("patched")["kind"] == "Pod"
        warned = server.told("overhead may be counted twice")
        assert (warned["level"], warned["kubevirt"], warned["overhead"]) == ("warning", "1.9", "even-if-counted")


@pytest.mark.parametrize(("flags", "version"), [((), "1.9"), (("--overhead", "even-if-counted"), "1.2")])
def test_where_overhead_counts_once_nothing_is_warned_of(tmp_path: Path, flags: tuple[str, ...], version: str) -> None:
    (tmp_path / "vmis").mkdir()
    with plain(tmp_path, "--vmi-directory", "vmis", "--kubevirt-version", version, *flags) as server:
        assert server.told("ready")
        assert server.all_told("overhead may be counted twice") == []


@pytest.mark.parametrize("taken", ["--port", "--operations-port"])
def test_a_port_that_is_taken_is_told_with_its_setting(tmp_path: Path, taken: str) -> None:
    write(tmp_path, {"r.yaml": KUBEVIRT})
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = str(other.getsockname()[1])
        done = serve_to_the_end(tmp_path, *LOCAL, "--registry", "r.yaml", "--plain-http", taken, number)
    assert done.returncode == 2
    setting = taken.removeprefix("--").replace("-", "_")
    assert problems(done).startswith(f"{setting} ({taken}): cannot listen on 127.0.0.1:{number}: Address already in use")


@pytest.mark.parametrize("files", [8, 10])
def test_whatever_the_system_refuses_at_the_start_is_a_line_of_the_log(tmp_path: Path, files: int) -> None:
    write(tmp_path, {"r.yaml": KUBEVIRT})
    command = shlex.join([sys.executable, "-m", "webhook", "serve", *LOCAL, "--registry", "r.yaml", "--plain-http"])
    script = f"ulimit -n {files}; exec {command}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, timeout=30, check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines if line["level"] == "critical"] in (["cannot start"], ["cannot go on"])
    assert done.returncode in (1, 2, 3)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_ours_is_told(tmp_path: Path, host: str) -> None:
    write(tmp_path, {"r.yaml": KUBEVIRT})
    done = serve_to_the_end(tmp_path, *LOCAL, "--registry", "r.yaml", "--plain-http", "--host", host)
    assert done.returncode == 2
    assert f"cannot listen on {host}:0" in problems(done)


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "r.yaml: No such file"), ("a: [", "r.yaml:1"), ("kind: Pod\n", "not a registry"), ("", "holds no KubeVirt CR")],
)
def test_a_registry_that_cannot_be_read_at_the_start_ends_it(tmp_path: Path, content: str | None, told: str) -> None:
    if content is not None:
        write(tmp_path, {"r.yaml": content})
    done = serve_to_the_end(tmp_path, *LOCAL, "--registry", "r.yaml", "--plain-http")
    assert done.returncode == 3
    assert told in problems(done)


def test_a_certificate_that_cannot_serve_at_the_start_ends_it(tmp_path: Path) -> None:
    write(tmp_path, {"r.yaml": KUBEVIRT})
    files = ("--registry", "r.yaml", "--tls-cert", "tls.crt", "--tls-key", "tls.key")
    ca = tls.ca()
    tls.write(tmp_path, tls.made(ca, end=tls.NOW - tls.DAY, start=tls.NOW - 2 * tls.DAY))
    expired = serve_to_the_end(tmp_path, *LOCAL, *files)
    assert (expired.returncode, "expired on" in problems(expired)) == (3, True)
    tls.write(tmp_path, tls.leaf(ca))
    wrong = serve_to_the_end(tmp_path, *LOCAL, *files, "--tls-name", "other.svc")
    assert (wrong.returncode, "the certificate is not for other.svc" in problems(wrong)) == (3, True)
    (tmp_path / "tls.key").unlink()
    missing = serve_to_the_end(tmp_path, *LOCAL, *files)
    assert (missing.returncode, "tls.key" in problems(missing)) == (3, True)


def test_a_self_signed_pair_for_other_names_is_not_replaced_behind_the_back(tmp_path: Path) -> None:
    with self_signed(tmp_path):
        before = (tmp_path / "certs/tls.crt").read_bytes()
    done = serve_to_the_end(tmp_path, *LOCAL, "--registry", "r.yaml", "--self-signed", "--self-signed-name", "other.svc")
    assert done.returncode == 3
    assert "remove certs/tls.crt" in problems(done)
    assert (tmp_path / "certs/tls.crt").read_bytes() == before


LONG_LINE = reviews.review(reviews.vm_object(reviews.BAD), name="n" * 250, namespace="s" * 250, uid="u" * 250)


def test_reviews_and_probes_are_answered_while_the_log_is_a_full_pipe(tmp_path: Path) -> None:
    with plain(tmp_path) as server, server.client() as client:
        server.pause_reading()
        while server.metric("bindguard_log_lines_dropped_total") < 10:
            for _ in range(100):
                assert validate(client, LONG_LINE)["allowed"] is False
            assert server.operations("/livez").status_code == server.operations("/readyz").status_code == 200
        server.go_on_reading()
        assert server.told("log lines dropped")["lines"] >= 10
        server.signal(signal.SIGTERM)
        assert server.exit_code() == 0
        assert server.told("stopped")


@pytest.mark.parametrize("signals", [1, 2])
def test_a_full_pipe_does_not_hold_the_exit(tmp_path: Path, signals: int) -> None:
    with plain(tmp_path, "--drain-seconds", "0" if signals == 1 else "3000") as server, server.client() as client:
        server.pause_reading()
        for _ in range(300):
            assert validate(client, LONG_LINE)["allowed"] is False
        server.signal(signal.SIGTERM)
        if signals == 2:
            eventually(lambda: server.operations("/readyz").status_code == 503)
            server.signal(signal.SIGTERM)
        assert server.exit_code() == (0 if signals == 1 else 143)


def test_a_log_whose_reader_is_gone_fails_no_review(tmp_path: Path) -> None:
    with plain(tmp_path) as server, server.client() as client:
        server.stop_reading()
        for _ in range(5):
            assert validate(client, TYPO)["allowed"] is False
        server.signal(signal.SIGTERM)
        assert server.exit_code() == 0
