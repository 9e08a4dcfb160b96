"""Ctrl-C, whenever it comes, is no reason for a traceback."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.check.builders import write
from tests.cli.bindguard import bindguard
from webhook.errors import EXIT_INTERRUPTED

ROOT = Path(__file__).parents[2]
IMPORTED = """\
import os, signal, sys
os.kill(os.getpid(), signal.SIGINT)
sys.exit(42)
"""
"""A package in whose import the interrupt comes; 42 if nothing comes of it."""


def interrupted_at(directory: Path, package: str) -> subprocess.CompletedProcess[bytes]:
    write(directory, {f"{package}.py": IMPORTED, "vm.yaml": ""})
    return bindguard("check", "vm.yaml", directory=directory, environment={"PYTHONPATH": os.pathsep.join([str(directory), str(ROOT)])})


def test_an_interrupt_before_the_command_line_is_there_ends_the_process_as_a_shell_expects(tmp_path: Path) -> None:
    done = interrupted_at(tmp_path, "click")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


def test_an_interrupt_while_a_command_is_loaded_is_reported(tmp_path: Path) -> None:
    done = interrupted_at(tmp_path, "msgspec")
    assert (done.returncode, done.stderr.strip()) == (EXIT_INTERRUPTED, b"bindguard: interrupted")


@pytest.mark.parametrize("package", ["click", "msgspec"])
def test_who_is_started_to_ignore_interrupts_ignores_them(tmp_path: Path, package: str) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a child inherits that
    try:
        done = interrupted_at(tmp_path, package)
    finally:
        signal.signal(signal.SIGINT, before)
    assert done.returncode == 42
