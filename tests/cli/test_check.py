"""`bindguard check` as its user meets it: processes, pipes, terminals, signals."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.check.builders import KUBEVIRT, vm, write
from tests.cli.bindguard import bindguard
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
        (vm() + "---\nkubevirt.io: [", [], EXIT_UNREADABLE),
        (vm("slip") + "---\nkubevirt.io: [", [], EXIT_UNREADABLE),
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
    assert b"<stdin>:14:23: deny  unregistered-plugin" in done.stdout


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
def test_hostile_input_is_told_with_its_place_and_never_a_traceback(tmp_path: Path, stdin: bytes) -> None:
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
        (["--config", "/nowhere.yaml"], b"/nowhere.yaml: No such file"),
    ],
)
def test_wrong_usage_is_told_with_its_value(tmp_path: Path, arguments: list[str], told: bytes) -> None:
    done = bindguard("check", ".", *arguments, directory=tmp_path)
    assert done.returncode == EXIT_USAGE
    assert told in done.stderr
    assert done.stdout == b""


def test_a_broken_registry_is_one_line_and_exit_code_3(tmp_path: Path) -> None:
    write(tmp_path, {"registry.yaml": "kind: [", "vm.yaml": vm()})
    done = bindguard("check", "vm.yaml", "--registry", "registry.yaml", directory=tmp_path)
    assert done.returncode == EXIT_UNREADABLE
    assert done.stderr.startswith(b"bindguard: registry.yaml:1:")
    assert done.stderr.count(b"\n") == 1


def test_a_path_that_does_not_exist_is_told_and_the_others_are_judged(tmp_path: Path) -> None:
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
