"""Functions in processes of their own, forked from this one."""

import contextlib
import enum
import os
import resource
import signal
from collections.abc import Callable, Iterable
from typing import NamedTuple

WORKERS = min(2, os.cpu_count() or 1)
_MAX_BYTES = 8 * 2**30
"""A mutant may build a list without end."""


class Outcome(enum.Enum):
    """How a process ended."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed out"


class Job(NamedTuple):
    """What a process does.

    Attributes:
        key: Names the job among its outcomes.
        act: Gives the exit code: 0 when all tests pass. It calls `limit` before each step that may hang, with the step's seconds times the
            argument.
    """

    key: str
    act: Callable[[float], int]


def limit(seconds: float) -> None:
    """End this process as timed out unless this is called again within so many seconds."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def outcomes_of(jobs: Iterable[Job]) -> dict[str, Outcome]:
    """Run the jobs, at most two at one time; one that times out runs again with three times the limits, and what then happens counts."""
    jobs = list(jobs)
    outcomes = _run(jobs, patience=1)
    slow = [each for each in jobs if outcomes[each.key] is Outcome.TIMED_OUT]
    return outcomes | _run(slow, patience=3)


def _run(jobs: Iterable[Job], patience: float) -> dict[str, Outcome]:
    waiting, running, outcomes = list(reversed(list(jobs))), dict[int, str](), dict[str, Outcome]()
    try:
        while waiting or running:
            while waiting and len(running) < WORKERS:
                job = waiting.pop()
                running[_fork(job, patience)] = job.key
            process, outcome = _ended()
            outcomes[running.pop(process)] = outcome
    finally:
        for process in running:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
    return outcomes


def _fork(job: Job, patience: float) -> int:
    process = os.fork()
    if process:
        with contextlib.suppress(OSError):  # the child has done it already, or has ended
            os.setpgid(process, 0)
        return process
    code = 1
    try:
        os.setpgid(0, 0)
        be_quiet()
        resource.setrlimit(resource.RLIMIT_AS, (_MAX_BYTES, _MAX_BYTES))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        code = job.act(patience)
    finally:
        os._exit(code)


def be_quiet() -> None:
    """Write nothing, and read nothing, from here on."""
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)


def _ended() -> tuple[int, Outcome]:
    """The next process that ends, and how; what it has started ends too."""
    ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(ended.si_pid, signal.SIGKILL)
    _, status = os.waitpid(ended.si_pid, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return ended.si_pid, Outcome.TIMED_OUT
    return ended.si_pid, Outcome.FAILED if status else Outcome.PASSED
