"""`bindguard check` as its user meets it: processes, pipes, terminals, signals."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.check.builders import KUBEVIRT, vm, write
from tests.check.cluster import Cluster, live_vm
from tests.cli.bindguard import bindguard
from tests.cluster.fake_api import FakeApi
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_INTERRUPTED, EXIT_UNREADABLE, EXIT_USAGE
from webhook.report.formats import FORMATS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize(
    ("content", "flags", "code"),
    [
        (vm(), [], EXIT_CLEAN),
        (vm("slip"), [], EXIT_FINDINGS),
        (vm("slip"), ["--ignore", "unregistered-plugin"], EXIT_CLEAN),
        (vm() + "---\nkind: VirtualMachine # kubevirt.io\na: [", [], EXIT_UNREADABLE),
        (vm("slip") + "---\nkind: VirtualMachine # kubevirt.io\na: [", [], EXIT_UNREADABLE),
        (vm(), ["--output-file", "/nowhere/report"], EXIT_USAGE),
    ],
)
def test_the_exit_code_is_the_same_in_every_format(tmp_path: Path, output: str, content: str, flags: list[str], code: int) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": content})
    assert bindguard("check", tmp_path, "--output", output, *flags).returncode == code


def test_warnings_fail_only_when_asked_to(tmp_path: Path) -> None:
    bridge = vm().replace("binding:\n                name: l2bridge", "bridge: {}")
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": bridge})
    assert bindguard("check", tmp_path).returncode == EXIT_CLEAN
    assert bindguard("check", tmp_path, "--fail-on", "warn").returncode == EXIT_FINDINGS


def test_standard_input_is_read_like_a_file(tmp_path: Path) -> None:
    done = bindguard("check", "-", stdin=f"{vm('slip')}---\n{KUBEVIRT}".encode(), directory=tmp_path)
    assert done.returncode == EXIT_FINDINGS
    assert b"<stdin>:14:23: deny: no binding plugin named" in done.stdout


@pytest.mark.parametrize("stdin", [b"", b"\n\n", b"# nothing\n", b"---\n---\n", b"\xef\xbb\xbf"])
def test_empty_input_is_clean(tmp_path: Path, stdin: bytes) -> None:
    assert bindguard("check", "-", stdin=stdin, directory=tmp_path).returncode == EXIT_CLEAN


@pytest.mark.parametrize(
    "stdin",
    [
        b"\xff\xfek\0",
        b"kubevirt.io\0",
        b"kubevirt.io: \xff",
        b"a: &a [kubevirt.io]\nb: *c",
        b"kubevirt.io: " + b"[" * 100_000,
        b"kubevirt.io: " + b"{a: " * 100_000,
        b"- kubevirt.io\n" + b"- " * 50_000,
        b"kubevirt.io: !!python/object/apply:os.system [id]",
        b"a: &a [x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (98 + i, 98 + i, b", ".join([b"*%c" % (97 + i)] * 9)) for i in range(9))
        + b"k: kubevirt.io",
        b"{{ kubevirt.io }}",
        b"kubevirt.io:\n\t- tab",
        b"kubevirt.io: 1\nkubevirt.io: 2",
        b"kubevirt.io: '",
        b"? [kubevirt.io]\n: 1",
    ],
    ids=range(14),
)
def test_hostile_input_is_reported_with_its_place_and_never_a_traceback(tmp_path: Path, stdin: bytes) -> None:
    done = bindguard("check", "-", stdin=stdin, directory=tmp_path)
    assert done.returncode == EXIT_UNREADABLE
    assert b"<stdin>:" in done.stdout
    assert b"unreadable" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--nonsense"], b"--nonsense"),
        (["--output", "xml"], b"xml"),
        (["--fail-on", "off"], b"off"),
        (["-j", "0"], b"0"),
        (["--select", "no-bindng"], b'did you mean "no-binding"?'),
        (["--kubevirt-version", "four"], b'"four" is no KubeVirt release'),
        (["--kubevirt-version", "0.59"], b"KubeVirt 0.59 has no binding plugins; the oldest release checked is 1.1"),
        (["--kubevirt-version", "v2.0.1"], b"KubeVirt 2.0.1 is not supported; supported are 1.1 to 1.10"),
        (["--ahead", "0.59"], b"--ahead: KubeVirt 0.59 has no binding plugins"),
        ([""], b"an empty path was given; give a file, or - for standard input"),
        (["--config", "/nowhere.yaml"], b"/nowhere.yaml: No such file"),
    ],
)
def test_wrong_usage_is_reported_with_its_value(tmp_path: Path, arguments: list[str], told: bytes) -> None:
    done = bindguard("check", ".", *arguments, directory=tmp_path)
    assert done.returncode == EXIT_USAGE
    assert told in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize(
    "arguments", [["--ahead", "vm.yaml"], ["vm.yaml", "--ahead"], ["--ahead=1.10", "vm.yaml"], ["--ahead", "1.10", "vm.yaml"]]
)
def test_ahead_takes_a_release_or_none_wherever_it_stands(tmp_path: Path, arguments: list[str]) -> None:
    write(tmp_path, {"vm.yaml": vm()})
    done = bindguard("check", *arguments, directory=tmp_path)
    assert done.returncode == EXIT_CLEAN
    assert b"note: ahead: KubeVirt 1.10 (as planned, not released yet) finds nothing more" in done.stdout


def test_a_broken_registry_is_one_line_and_exit_code_3(tmp_path: Path) -> None:
    write(tmp_path, {"registry.yaml": "kind: [", "vm.yaml": vm()})
    done = bindguard("check", "vm.yaml", "--registry", "registry.yaml", directory=tmp_path)
    assert done.returncode == EXIT_UNREADABLE
    assert done.stderr.startswith(b"bindguard: registry.yaml:1:")
    assert done.stderr.count(b"\n") == 1


def test_a_path_that_does_not_exist_is_reported_and_the_others_are_evaluated(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm("slip")})
    done = bindguard("check", "gone", "kubevirt.yaml", "vm.yaml", directory=tmp_path)
    assert done.returncode == EXIT_UNREADABLE
    assert b"gone: unreadable" in done.stdout
    assert b"unregistered-plugin" in done.stdout


def test_a_report_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm("slip"), "report.json": "old"})
    done = bindguard("check", ".", "--output", "json", "--output-file", "report.json", directory=tmp_path)
    assert (done.returncode, done.stdout) == (EXIT_FINDINGS, b"")
    assert json.loads((tmp_path / "report.json").read_text())["findings"][0]["rule"] == "unregistered-plugin"
    assert {path.name for path in tmp_path.iterdir()} == {"kubevirt.yaml", "vm.yaml", "report.json"}


def test_a_baseline_is_written_and_used(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm("slip")})
    assert bindguard("check", ".", "--write-baseline", "known.json", directory=tmp_path).returncode == EXIT_CLEAN
    assert bindguard("check", ".", "--baseline", "known.json", "--exclude", "known.json", directory=tmp_path).returncode == EXIT_CLEAN


def on_a_terminal(directory: Path, *arguments: str, **environment: str) -> str:
    """What the command prints on a pseudo terminal, standard error included."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "webhook", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environment}
    with subprocess.Popen(command, cwd=directory, env=environment, stdin=terminal, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        printed = b""
        while select.select([controller], [], [], 30)[0]:
            try:
                printed += os.read(controller, 65536)
            except OSError:  # the other end is closed
                break
        process.wait(30)
    os.close(controller)
    return printed.decode()


def test_colour_is_for_terminals_that_want_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm("slip")})
    assert "\x1b[" in on_a_terminal(tmp_path, "check", ".")
    assert "\x1b[" not in on_a_terminal(tmp_path, "check", ".", NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal(tmp_path, "check", ".", TERM="dumb")
    assert "\x1b[" not in on_a_terminal(tmp_path, "check", ".", "--output", "json")
    assert b"\x1b[" not in bindguard("check", ".", directory=tmp_path).stdout


def test_interrupted_it_writes_no_report_at_all(tmp_path: Path) -> None:
    write(tmp_path, {f"vm-{number:05}.yaml": vm("slip", f"vm-{number}") for number in range(3000)})
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT})
    command = [sys.executable, "-m", "webhook", "check", ".", "--output", "sarif", "--output-file", "report.sarif"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, start_new_session=True) as process:
        time.sleep(0.5)  # somewhere in the middle; where exactly must not matter
        os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert b"Traceback" not in told
    if process.returncode == EXIT_FINDINGS:
        assert json.loads((tmp_path / "report.sarif").read_text())["runs"]
    else:
        assert process.returncode in (EXIT_INTERRUPTED, -signal.SIGINT)
        assert not (tmp_path / "report.sarif").exists()
    assert not list(tmp_path.glob(".report*"))


def redirected(directory: Path, shell: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A shell line in which `bindguard` is the command."""
    command = ["bash", "-c", f'bindguard() {{ "{sys.executable}" -m webhook "$@"; }}; {shell}']
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("shell", "code", "told"),
    [
        ("bindguard check . >/dev/full", EXIT_USAGE, b"bindguard: standard output cannot be written: No space left on device\n"),
        ("bindguard rules >/dev/full", EXIT_USAGE, b"bindguard: standard output cannot be written: No space left on device\n"),
        ("bindguard --help >/dev/full", EXIT_USAGE, b"bindguard: standard output cannot be written: No space left on device\n"),
        ("bindguard certs generate >/dev/full", EXIT_USAGE, b"bindguard: standard output cannot be written: No space left on device\n"),
        ("ulimit -f 16; bindguard check . -o json >full", EXIT_USAGE, b"bindguard: standard output cannot be written: File too large\n"),
        ("bindguard check . --output-file /dev/full", EXIT_USAGE, b"bindguard: /dev/full: cannot be written: No space left on device\n"),
        ("bindguard check . --output-file ''", EXIT_USAGE, b"bindguard: a file without a name: cannot be written: Is a directory\n"),
        ("bindguard check . >&-", EXIT_FINDINGS, b""),
        ("bindguard explain passt >&-", EXIT_CLEAN, b""),
        ("bindguard check . 2>&- >/dev/null", EXIT_FINDINGS, b""),
        ("bindguard check --nonsense 2>&-", EXIT_USAGE, b""),
        ("bindguard check - <&-", EXIT_UNREADABLE, b"bindguard: <stdin>: standard input is closed\n"),
        ("bindguard check . | true; exit ${PIPESTATUS[0]}", EXIT_INTERRUPTED, b""),
        ("bindguard check . | head -1 >/dev/null; exit ${PIPESTATUS[0]}", EXIT_INTERRUPTED, b""),
        ("bindguard explain passt | true; exit ${PIPESTATUS[0]}", EXIT_INTERRUPTED, b""),
        ("bindguard --help | true; exit ${PIPESTATUS[0]}", EXIT_INTERRUPTED, b""),
        ("bindguard check --help | true; exit ${PIPESTATUS[0]}", EXIT_INTERRUPTED, b""),
        ("bindguard certs generate | true; exit ${PIPESTATUS[0]}", EXIT_INTERRUPTED, b""),
        ("mkdir gone; cd gone; rmdir ../gone; bindguard check", EXIT_UNREADABLE, b"bindguard: the system says: [Errno 2]"),
        ("bindguard check . --registry $'a\\e[31m\\nb'", EXIT_UNREADABLE, b"bindguard: a\\x1b[31m\\nb: No such file"),
    ],
)
def test_streams_that_are_closed_full_or_gone_give_an_exit_code_and_at_most_a_line(
    tmp_path: Path, shell: str, code: int, told: bytes, unbuffered: str
) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": "\n---\n".join([vm("slip")] * 500)})  # more than a pipe holds
    done = redirected(tmp_path, shell, PYTHONUNBUFFERED=unbuffered)  # the image sets it
    assert (done.returncode, done.stderr[: len(told)]) == (code, told)
    assert b"Traceback" not in done.stderr
    assert told or not done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_does_not_block_gets_the_whole_report(tmp_path: Path, unbuffered: str) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": "\n---\n".join([vm("slip")] * 500)})  # more than a pipe holds
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    command = [sys.executable, "-m", "webhook", "check", ".", "-o", "json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        with os.fdopen(reader, "rb") as stream:
            report = stream.read()
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (EXIT_FINDINGS, b"")
    assert len(json.loads(report)["findings"]) == 500


def test_a_report_file_keeps_its_permissions_and_a_pipe_stays_one(tmp_path: Path) -> None:
    write(tmp_path, {"vm.yaml": vm(), "real.json": "old"})
    (tmp_path / "real.json").chmod(0o640)
    os.mkfifo(tmp_path / "pipe")
    assert bindguard("check", "vm.yaml", "-o", "json", "--output-file", "real.json", directory=tmp_path).returncode == EXIT_CLEAN
    assert (tmp_path / "real.json").stat().st_mode & 0o777 == 0o640
    done = redirected(tmp_path, "cat pipe & bindguard check vm.yaml -o json --output-file pipe; wait")
    assert json.loads(done.stdout) == json.loads((tmp_path / "real.json").read_text())
    assert (tmp_path / "pipe").is_fifo()


def test_a_report_that_cannot_take_its_place_leaves_no_draft(tmp_path: Path) -> None:
    write(tmp_path, {"vm.yaml": vm(), "report/old": "old"})
    assert bindguard("check", "vm.yaml", "--output-file", "report", directory=tmp_path).returncode == EXIT_USAGE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report", "vm.yaml"]


def children(pid: int) -> list[int]:
    """The worker processes of a run."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def while_workers_evaluate(directory: Path, act: Callable[[int, list[int]], None]) -> tuple[int, bytes]:
    """Exit code and standard error of a run of three workers during which something happens; none of them outlives it."""
    write(directory, {f"{number:05}.yaml": "\n---\n".join([vm("slip")] * 50) for number in range(500)})
    write(directory, {"kubevirt.yaml": KUBEVIRT})
    command = [sys.executable, "-m", "webhook", "check", ".", "-j", "4", "--output-file", "report"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=directory, env=environment, stderr=subprocess.PIPE, start_new_session=True) as process:
        deadline = time.monotonic() + 30
        while len(workers := children(process.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        act(process.pid, workers)
        _, told = process.communicate(timeout=60)
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(workers) == 3
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert {path.name for path in directory.iterdir() if path.suffix != ".yaml"} == set()
    return process.returncode, told


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are for Linux only")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_and_its_workers_and_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    code, told = while_workers_evaluate(tmp_path, lambda run, _workers: os.kill(run, number))
    assert (code, told.strip()) == (EXIT_INTERRUPTED, b"bindguard: interrupted")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are for Linux only")
def test_workers_do_not_outlive_a_run_that_was_killed(tmp_path: Path) -> None:
    code, _ = while_workers_evaluate(tmp_path, lambda run, _workers: os.kill(run, signal.SIGKILL))
    assert code == -signal.SIGKILL


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are for Linux only")
def test_a_worker_that_was_killed_is_reported(tmp_path: Path) -> None:
    code, told = while_workers_evaluate(tmp_path, lambda _run, workers: os.kill(workers[1], signal.SIGKILL))
    assert code == EXIT_UNREADABLE
    assert told == b"bindguard: a worker process was ended by SIGKILL, probably because memory ran out; try -j 1\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are for Linux only")
def test_workers_are_waited_for_when_whoever_started_the_run_ignores_their_end(tmp_path: Path) -> None:
    write(tmp_path, {f"{number}.yaml": vm("slip") for number in range(40)})
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a child inherits that
    try:
        done = bindguard("check", ".", "-j", "3", directory=tmp_path)
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert (done.returncode, done.stderr) == (EXIT_CLEAN, b"")
    assert b"40 objects" in done.stdout


def test_files_are_evaluated_without_loading_what_asks_clusters_or_answers_them(tmp_path: Path) -> None:
    write(tmp_path, {"kubevirt.yaml": KUBEVIRT, "vm.yaml": vm("slip")})
    listed = "import atexit, sys; atexit.register(lambda: print(' '.join(sys.modules), file=sys.stderr)); import webhook.cli as c; c.main()"
    command = [sys.executable, "-c", listed, "check", "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == EXIT_FINDINGS
    loaded = set(done.stderr.decode().split())
    assert loaded.isdisjoint({"httpx", "kubernetes", "webhook.cluster", "fastapi", "cryptography", "ssl", "asyncio"})


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with FakeApi() as api:
        yield Cluster(api, live_vm("slip"))


@pytest.mark.parametrize("output", FORMATS)
def test_a_cluster_is_reported_in_every_format(cluster: Cluster, tmp_path: Path, output: str) -> None:
    done = bindguard("check", "--from-cluster", "--kubeconfig", cluster.kubeconfig(tmp_path), "-o", output, directory=tmp_path)
    assert (done.returncode, done.stderr) == (EXIT_FINDINGS, b"")
    uri = b"cluster%3Ashop/VirtualMachine/web"
    assert uri in done.stdout or b"cluster:shop/VirtualMachine/web" in done.stdout.replace(b"\\", b"")  # Markdown escapes the colon
    assert output != "sarif" or uri in done.stdout


def test_a_context_that_is_not_there_is_wrong_usage(cluster: Cluster, tmp_path: Path) -> None:
    done = bindguard("check", ".", "--kubeconfig", cluster.kubeconfig(tmp_path), "--context", "nope", directory=tmp_path)
    assert done.returncode == EXIT_USAGE
    assert b'contexts in it: "here"' in done.stderr
