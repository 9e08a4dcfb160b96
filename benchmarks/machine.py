"""What was measured on, and how figures are shown."""

import datetime as dt
import importlib.metadata
import os
import platform
import re
import statistics
from collections.abc import Sequence
from pathlib import Path


def describe() -> str:
    """One line about the machine, the versions and the day."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("msgspec", "pyyaml"))
    today = dt.datetime.now(tz=dt.UTC).date()
    return f"{_cpu()}, {len(os.sched_getaffinity(0))} cores; Python {platform.python_version()}, {versions}; {today}"


def _cpu() -> str:
    match = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return match.group(1) if match is not None else platform.machine()


def median(values: Sequence[float]) -> float:
    """The figure to quote of several runs."""
    return statistics.median(values)


def row(name: str, figure: str, goal: str, baseline: str = "") -> None:
    """One line of a result table: what, how much, what is aimed at, and against what it was held in the same run."""
    print(f"{name:<44} {figure:>22}   {goal:<24} {baseline}")
