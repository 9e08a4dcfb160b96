"""The command as a process: what it prints, and how it ends."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]


def bindguard(
    *arguments: str | Path, stdin: bytes = b"", directory: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `bindguard` with these arguments; never a traceback, whatever it is given."""
    done = subprocess.run(
        [sys.executable, "-m", "webhook", *map(str, arguments)],
        input=stdin,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def installed_on_a_runner(runner_temp: Path) -> None:
    """Put this Python where the steps for CI look for the one of the virtual environment that they made."""
    python = runner_temp / "bindguard/bin/python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
