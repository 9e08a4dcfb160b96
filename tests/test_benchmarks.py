"""Benchmarks run to their end; what they measure is for people to read."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.attacks import ATTACKS, main

ROOT = Path(__file__).parents[1]

SHORT = ("operations_idle", "half_a_hello", "refused")


def test_attacks_are_run_and_reported_and_no_review_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    main(seconds=0.3, settles=0, names=SHORT)
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if " MB |" in line]
    assert [row[0].removeprefix("| ") for row in rows] == [name for name, attack in ATTACKS.items() if attack.__name__ in SHORT]
    assert all(" 0 lost, slowest " in row[1] and row[1].endswith(" probes, 0 lost") for row in rows)


def test_the_event_loop_is_measured_in_a_process_of_its_own() -> None:
    command = [sys.executable, "-c", "from benchmarks import event_loop; event_loop.main(seconds=0.2)"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    assert done.stdout.count(b"event loop, 20 clients") == 3
