"""Judging many files at once: in this process when they are few, else in worker processes. Judges nothing itself."""

import gc
import signal
import sys
from collections.abc import Callable, Iterator, Sequence

from webhook.check.judging import Judge, Judged
from webhook.check.sources import Source
from webhook.errors import BindguardError

Progress = Callable[[int, int], None]
"""Told after each batch how many of how many files are judged."""

_FEW_FILES = 16
"""Starting workers costs about as much as judging this many files."""
_LARGEST_BATCH = 64


def judge_all(judge: Judge, sources: Sequence[Source], jobs: int, progress: Progress) -> Judged:
    """All sources judged, in their order, whatever the number of processes.

    Memory is that of one batch per process and of the findings; it does not grow with the number of documents.
    """
    judged = Judged()
    done = 0
    batches = list(_batches(sources, jobs))
    for batch, result in zip(batches, _results(judge, batches, jobs), strict=True):
        judged.add(result)
        done += len(batch)
        progress(done, len(sources))
    return judged


def _batches(sources: Sequence[Source], jobs: int) -> Iterator[Sequence[Source]]:
    """Small enough that the workers end together, large enough that handing out is cheap."""
    size = max(1, min(_LARGEST_BATCH, len(sources) // (jobs * 4) or 1))
    for start in range(0, len(sources), size):
        yield sources[start : start + size]


def _results(judge: Judge, batches: Sequence[Sequence[Source]], jobs: int) -> Iterator[Judged]:
    if jobs == 1 or sum(map(len, batches)) <= _FEW_FILES:
        yield from map(judge.judge_files, batches)
        return
    yield from _results_of_workers(judge, batches, jobs)


def _results_of_workers(judge: Judge, batches: Sequence[Sequence[Source]], jobs: int) -> Iterator[Judged]:
    import multiprocessing  # noqa: PLC0415 - slow to import, needed for many files only
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - likewise
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415 - likewise

    gc.freeze()  # what the workers inherit is never garbage: they need not look at it
    method = "fork" if sys.platform == "linux" else None
    with ProcessPoolExecutor(jobs, multiprocessing.get_context(method), _start_worker, (judge,)) as pool:
        try:
            yield from pool.map(_judge_batch, batches)
        except BrokenProcessPool as error:
            raise BindguardError("a worker process died, probably for want of memory; try -j 1") from error
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_worker_judge: Judge


def _start_worker(judge: Judge) -> None:
    """Ctrl-C is for the process that writes the report; a worker just ends with it."""
    global _worker_judge  # noqa: PLW0603 - the one thing that a worker keeps between batches
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _worker_judge = judge


def _judge_batch(batch: Sequence[Source]) -> Judged:
    return _worker_judge.judge_files(batch)
