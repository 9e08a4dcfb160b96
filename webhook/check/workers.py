"""Check many files in parallel, in forked worker processes; few files are checked in this process.

This uses `os.fork`, because importing and starting a process pool takes as long as checking hundreds of VMs. A worker inherits the
rules, checks its share of the files, sends its results once and exits. Where there is no fork, this process checks all files.
"""

import contextlib
import gc
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple, Protocol

from webhook.check.evaluation import Evaluator, FilesResult
from webhook.errors import BindguardError
from webhook.loading.sources import Source


class Progress(Protocol):
    """Called repeatedly with the number of files or objects checked, their total, and the number of documents read from files."""

    def __call__(self, done: int, total: int, documents: int = 0, /) -> None: ...


_FEW_FILES = 16
"""Forking costs about as much as checking this many files."""
_LARGEST_BATCH = 64


def evaluate_all(evaluator: Evaluator, sources: Sequence[Source], jobs: int, progress: Progress) -> FilesResult:
    """Check all sources. The results are in the order of the sources, for any number of processes.

    Each process holds one document and its findings in memory.
    """
    jobs = 1 if len(sources) <= _FEW_FILES or not sys.platform.startswith("linux") else min(jobs, len(sources))
    with _sigchld_default() if jobs > 1 else contextlib.nullcontext():
        return _evaluate_together(evaluator, sources, jobs, progress)


@contextlib.contextmanager
def _sigchld_default() -> Iterator[None]:
    """Restore the default action of SIGCHLD. If the parent process ignores it, so does this one, and children could not be waited for."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL if before is None else before)  # None: a handler that Python did not install


def _evaluate_together(evaluator: Evaluator, sources: Sequence[Source], jobs: int, progress: Progress) -> FilesResult:
    batches = list(_batches(sources, jobs))
    children: list[_Child] = []
    try:
        children.extend(
            _fork(evaluator, batches[number::jobs]) for number in range(1, jobs)
        )  # not a list: if one fork fails, the children before it are known
        shares = [list(_own_share(evaluator, batches[::jobs], len(sources), jobs, progress))]
        shares += [_received(child) for child in children]
    finally:
        _end(children)
    result = FilesResult()
    for index in range(len(batches)):
        result.add(shares[index % jobs][index // jobs])
    return result


def _batches(sources: Sequence[Source], jobs: int) -> Iterator[Sequence[Source]]:
    """Small batches, which processes take in turn, so that one process does not get all files of a directory with large ones."""
    size = max(1, min(_LARGEST_BATCH, len(sources) // (jobs * 8)))
    for start in range(0, len(sources), size):
        yield sources[start : start + size]


def _own_share(
    evaluator: Evaluator, batches: Sequence[Sequence[Source]], total: int, jobs: int, progress: Progress
) -> Iterator[FilesResult]:
    done = documents = 0

    def report_progress(read: int) -> None:
        progress(min(done * jobs, total), total, (documents + read) * jobs)  # the other processes are about as far

    for batch in batches:
        result = evaluator.evaluate_files(batch, report_progress)
        yield result
        done += len(batch)
        documents += result.documents
        report_progress(0)


class _Child(NamedTuple):
    pid: int
    results: BinaryIO


def _fork(evaluator: Evaluator, batches: Sequence[Sequence[Source]]) -> _Child:
    parent = os.getpid()
    reader, writer = os.pipe()
    gc.freeze()  # the child's garbage collector skips what it inherits
    pid = os.fork()
    if pid:
        os.close(writer)
        return _Child(pid, os.fdopen(reader, "rb"))
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that writes the report
        os.close(reader)
        with os.fdopen(writer, "wb") as stream:
            pickle.dump(_share(evaluator, batches, parent), stream, pickle.HIGHEST_PROTOCOL)
        code = 0
    finally:
        os._exit(code)  # always: no code of the parent may run in the child


def _share(evaluator: Evaluator, batches: Sequence[Sequence[Source]], parent: int) -> list[FilesResult] | str:
    """What a worker sends: its results, or the traceback of a defect."""
    try:
        return [evaluator.evaluate_files(batch) for batch in batches if os.getppid() == parent]
    except Exception:  # noqa: BLE001 - the process that started the worker decides
        return traceback.format_exc()


def _received(child: _Child) -> list[FilesResult]:
    try:
        results = pickle.load(child.results)  # noqa: S301 - from our own child, through a private pipe
    except (EOFError, pickle.UnpicklingError) as error:
        raise BindguardError(f"a worker process {_end_of(child.pid)}") from error
    if isinstance(results, str):
        raise BindguardError(f"internal error in a worker process; please report it:\n{results.rstrip()}")
    assert isinstance(results, list)  # noqa: S101 - what `_share` gives
    return results


def _end_of(pid: int) -> str:
    """How a worker ended that did not send its results. It remains a zombie, which `_end` reaps."""
    status = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    if status is not None and status.si_code in (os.CLD_KILLED, os.CLD_DUMPED):
        why = ", probably because memory ran out; try -j 1" if status.si_status == signal.SIGKILL else ""
        return f"was ended by {signal.Signals(status.si_status).name}{why}"
    return "ended without results; try -j 1"


def _end(children: Sequence[_Child]) -> None:
    """Kill and reap all children, however the run ended."""
    for child in children:
        child.results.close()
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)
