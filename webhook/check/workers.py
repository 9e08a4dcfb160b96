"""Checking many files at once: in this process when they are few, else beside it in forked ones.

Plain `os.fork`, as importing and starting a pool of the standard library takes as long as checking hundreds of VMs.
A child inherits what is
needed, checks its share, sends the results once and ends; where there is no fork, everything is checked in this process.
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

from webhook.check.evaluation import EvaluatedFile, Evaluator
from webhook.errors import BindguardError
from webhook.loading.sources import Source


class Progress(Protocol):
    """Told again and again about how many of how many files or objects are checked, and how many documents were read of files."""

    def __call__(self, done: int, total: int, documents: int = 0, /) -> None: ...


_FEW_FILES = 16
"""Forking costs about as much as checking this many files."""
_LARGEST_BATCH = 64


def evaluate_all(evaluate_object: Evaluator, sources: Sequence[Source], jobs: int, progress: Progress) -> EvaluatedFile:
    """All sources checked, in their order, whatever the number of processes.

    Memory is that of one document per process and of the findings; it does not grow with the number of documents.
    """
    jobs = 1 if len(sources) <= _FEW_FILES or not sys.platform.startswith("linux") else min(jobs, len(sources))
    with _children_awaited() if jobs > 1 else contextlib.nullcontext():
        return _evaluate_together(evaluate_object, sources, jobs, progress)


@contextlib.contextmanager
def _children_awaited() -> Iterator[None]:
    """Whoever started us may ignore SIGCHLD, and so do we then: the system would forget our children before we can wait for them."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL if before is None else before)  # none: a handler that is not Python's


def _evaluate_together(evaluate_object: Evaluator, sources: Sequence[Source], jobs: int, progress: Progress) -> EvaluatedFile:
    batches = list(_batches(sources, jobs))
    children: list[_Child] = []
    try:
        children.extend(
            _fork(evaluate_object, batches[number::jobs]) for number in range(1, jobs)
        )  # no list: each is known when the next fails
        shares = [list(_own_share(evaluate_object, batches[::jobs], len(sources), jobs, progress))]
        shares += [_received(child) for child in children]
    finally:
        _end(children)
    evaluated = EvaluatedFile()
    for index in range(len(batches)):
        evaluated.add(shares[index % jobs][index // jobs])
    return evaluated


def _batches(sources: Sequence[Source], jobs: int) -> Iterator[Sequence[Source]]:
    """Dealt out in turn, so that large files which stand together do not fall to one process."""
    size = max(1, min(_LARGEST_BATCH, len(sources) // (jobs * 8)))
    for start in range(0, len(sources), size):
        yield sources[start : start + size]


def _own_share(
    evaluate_object: Evaluator, batches: Sequence[Sequence[Source]], total: int, jobs: int, progress: Progress
) -> Iterator[EvaluatedFile]:
    done = documents = 0

    def tell(read: int) -> None:
        progress(min(done * jobs, total), total, (documents + read) * jobs)  # the other processes get about as far

    for batch in batches:
        evaluated = evaluate_object.evaluate_files(batch, tell)
        yield evaluated
        done += len(batch)
        documents += evaluated.documents
        tell(0)


class _Child(NamedTuple):
    pid: int
    results: BinaryIO


def _fork(evaluate_object: Evaluator, batches: Sequence[Sequence[Source]]) -> _Child:
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
            pickle.dump(_share(evaluate_object, batches, parent), stream, pickle.HIGHEST_PROTOCOL)
        code = 0
    finally:
        os._exit(code)  # whatever happened: nothing of the parent's runs in the child


def _share(evaluate_object: Evaluator, batches: Sequence[Sequence[Source]], parent: int) -> list[EvaluatedFile] | str:
    """What a worker sends: its results, or the trace of what ended it, which is nothing that a manifest may cause."""
    try:
        return [evaluate_object.evaluate_files(batch) for batch in batches if os.getppid() == parent]
    except Exception:  # noqa: BLE001 - the process that started the worker decides
        return traceback.format_exc()


def _received(child: _Child) -> list[EvaluatedFile]:
    try:
        results = pickle.load(child.results)  # noqa: S301 - from our own child, through a pipe that nobody else holds
    except (EOFError, pickle.UnpicklingError) as error:
        raise BindguardError(f"a worker process {_end_of(child.pid)}") from error
    if isinstance(results, str):
        raise BindguardError(f"internal error in a worker process; please report it:\n{results.rstrip()}")
    assert isinstance(results, list)  # noqa: S101 - what `_share` gives
    return results


def _end_of(pid: int) -> str:
    """How a worker ended that sent nothing whole; it stays to be waited for."""
    status = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    if status is not None and status.si_code in (os.CLD_KILLED, os.CLD_DUMPED):
        why = ", probably for want of memory; try -j 1" if status.si_status == signal.SIGKILL else ""
        return f"was ended by {signal.Signals(status.si_status).name}{why}"
    return "ended without results; try -j 1"


def _end(children: Sequence[_Child]) -> None:
    """No child outlives the run, however it ended."""
    for child in children:
        child.results.close()
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)
