"""`bindguard check` as a whole process: repositories, a cold start, and memory; against reading the same files with CSafeLoader alone."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.corpus import virtual_machine, write_repository
from benchmarks.machine import median, row

_RUNS = 5
_BINDGUARD = (str(Path(sys.executable).with_name("bindguard")), "check")
_BASELINE = """
import sys, pathlib, yaml
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    with path.open("rb") as stream:
        for document in yaml.load_all(stream, yaml.CSafeLoader):
            pass
"""


class Run(NamedTuple):
    """One finished process: seconds of wall clock, and the largest resident set of it and of its children, in MB."""

    seconds: float
    megabytes: float


def measured(command: Sequence[str]) -> Run:
    """Run a command that must exit 0, its output thrown away."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: nothing to measure")
    return Run(seconds, usage.ru_maxrss / 1024)


def _median_run(command: Sequence[str], runs: int = _RUNS) -> Run:
    measured(command)
    results = [measured(command) for _ in range(runs)]
    return Run(median([result.seconds for result in results]), max(result.megabytes for result in results))


def repository(name: str, goal: str, *, files: int, documents: int, every: int, unit: str) -> None:
    """Check a repository, and read it with CSafeLoader for the ratio."""
    with tempfile.TemporaryDirectory() as directory:
        vms = write_repository(Path(directory), files=files, documents=documents, every=every)
        count = vms if unit == "VMs" else files * documents
        ours = _median_run((*_BINDGUARD, directory))
        base = _median_run((sys.executable, "-c", _BASELINE, directory), runs=1)
    row(name, f"{count / ours.seconds:,.0f} {unit}/s", goal, f"{base.seconds / ours.seconds:.1f} x CSafeLoader alone on one core")


def cold_start() -> None:
    """One small file, against an interpreter that imports the libraries it is built on and does nothing."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "vm.yaml")
        path.write_text(virtual_machine(1))
        ours = _median_run((*_BINDGUARD, str(path)))
        base = _median_run((sys.executable, "-c", "import click, msgspec"))
    row(
        "one small file, cold",
        f"{ours.seconds * 1000:.0f} ms",
        "<= 150 ms",
        f"{ours.seconds / base.seconds:.1f} x importing its libraries alone",
    )


def memory() -> None:
    """The largest resident set for a stream of growing length, and for a repository of growing size."""
    for documents in (1_000, 10_000, 100_000):
        with tempfile.TemporaryDirectory() as directory:
            write_repository(Path(directory), files=1, documents=documents, every=10)
            run = measured((*_BINDGUARD, directory))
        row(f"peak memory, one file of {documents:,} documents", f"{run.megabytes:.0f} MB", "<= 120 MB, flat")


def main() -> None:
    """All of them."""
    repository("mixed: 500 files x 40, one in ten a VM", ">= 25,000 documents/s", files=500, documents=40, every=10, unit="documents")
    repository("VM only: 2,000 files", ">= 7,000 VMs/s", files=2000, documents=1, every=1, unit="VMs")
    cold_start()
    memory()
