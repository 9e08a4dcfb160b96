"""Judging many files at once: in this process when they are few, else beside it in forked ones. Judges nothing itself.

Plain `os.fork`, as importing and starting a pool of the standard library takes as long as judging hundreds of VMs. A child inherits what is
needed, judges its share, sends the results once and ends; where there is no fork, everything is judged in this process.
"""

import gc
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from webhook.check.judging import Judge, Judged
from webhook.errors import BindguardError
from webhook.intake.sources import Source

Progress = Callable[[int, int], None]
"""Told after each batch about how many of how many files are judged."""

_FEW_FILES = 16
"""Forking costs about as much as judging this many files."""
_LARGEST_BATCH = 64


def judge_all(judge: Judge, sources: Sequence[Source], jobs: int, progress: Progress) -> Judged:
    """All sources judged, in their order, whatever the number of processes.

    Memory is that of one document per process and of the findings; it does not grow with the number of documents.
    """
    jobs = 1 if len(sources) <= _FEW_FILES or not sys.platform.startswith("linux") else min(jobs, len(sources))
    batches = list(_batches(sources, jobs))
    children: list[_Child] = []
    try:
        children.extend(_fork(judge, batches[number::jobs]) for number in range(1, jobs))  # no list: each is known when the next fails
        shares = [list(_own_share(judge, batches[::jobs], len(sources), jobs, progress))]
        shares += [_received(child.results) for child in children]
    finally:
        _end(children)
    judged = Judged()
    for index in range(len(batches)):
        judged.add(shares[index % jobs][index // jobs])
    return judged


def _batches(sources: Sequence[Source], jobs: int) -> Iterator[Sequence[Source]]:
    """Dealt out in turn, so that large files which stand together do not fall to one process."""
    size = max(1, min(_LARGEST_BATCH, len(sources) // (jobs * 8)))
    for start in range(0, len(sources), size):
        yield sources[start : start + size]


def _own_share(judge: Judge, batches: Sequence[Sequence[Source]], total: int, jobs: int, progress: Progress) -> Iterator[Judged]:
    done = 0
    for batch in batches:
        yield judge.judge_files(batch)
        done += len(batch)
        progress(min(done * jobs, total), total)


class _Child(NamedTuple):
    pid: int
    results: BinaryIO


def _fork(judge: Judge, batches: Sequence[Sequence[Source]]) -> _Child:
    parent = os.getpid()
    reader, writer = os.pipe()
    gc.freeze()  # what the child inherits is never garbage: it need not look at it
    pid = os.fork()
    if pid:
        os.close(writer)
        return _Child(pid, os.fdopen(reader, "rb"))
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that writes the report
        os.close(reader)
        with os.fdopen(writer, "wb") as stream:
            pickle.dump([judge.judge_files(batch) for batch in batches if os.getppid() == parent], stream, pickle.HIGHEST_PROTOCOL)
        code = 0
    finally:
        os._exit(code)  # whatever happened: nothing of the parent's runs in the child


def _received(stream: BinaryIO) -> list[Judged]:
    try:
        results = pickle.load(stream)  # noqa: S301 - from our own child, through a pipe that nobody else holds
    except (EOFError, pickle.UnpicklingError) as error:
        raise BindguardError("a worker process died, probably for want of memory; try -j 1") from error
    assert isinstance(results, list)  # noqa: S101 - what `_fork` sends
    return results


def _end(children: Sequence[_Child]) -> None:
    """No child outlives the run, however it ended."""
    for child in children:
        child.results.close()
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)
