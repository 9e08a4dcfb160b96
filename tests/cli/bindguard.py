"""The command as a process: what it prints, and how it ends."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def bindguard(
    *arguments: str | Path, stdin: bytes = b"", directory: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `bindguard` with these arguments; never a traceback, whatever it is given."""
    done = subprocess.run(
        [sys.executable, "-m", "webhook", *map(str, arguments)],
        input=stdin,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **(environment or {})},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done
