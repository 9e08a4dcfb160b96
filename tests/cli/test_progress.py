"""The progress line of `check`, on a clock that a test sets."""

import io
from pathlib import Path

import pytest

from tests.check.builders import vm, write
from webhook.check.evaluation import Evaluator
from webhook.check.workers import evaluate_all
from webhook.cli.progress import ProgressLine
from webhook.loading.sources import Source
from webhook.plugins.registry import unknown_registry
from webhook.rules import RULES
from webhook.rules.plan import plan


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_terminal_shows_files_and_documents_after_a_second_and_is_left_as_it_was() -> None:
    stream, clock = Terminal(), Clock()
    line = ProgressLine("file", stream, clock)
    for clock.now, documents in ((100.9, 10), (101.0, 20), (101.05, 30), (101.2, 40)):
        line(0, 1, documents)
    line.clear()
    line.clear()
    assert stream.getvalue() == "\rchecked 0 of 1 files, 20 documents\x1b[K\rchecked 0 of 1 files, 40 documents\x1b[K\r\x1b[K"


def test_objects_of_a_cluster_are_no_documents() -> None:
    stream, clock = Terminal(), Clock()
    line = ProgressLine("object", stream, clock)
    clock.now += 2
    line(3, 500)
    assert stream.getvalue() == "\rchecked 3 of 500 objects\x1b[K"


@pytest.mark.parametrize(("took", "calls"), [(9.9, ""), (63.4, "bindguard: 976000 documents in 63 s\n")])
def test_a_log_has_one_line_at_the_end_of_a_run_that_took_long(took: float, calls: str) -> None:
    stream, clock = io.StringIO(), Clock()
    line = ProgressLine("file", stream, clock)
    clock.now += took
    line(1, 1, 976_000)
    line.clear()
    line.finish(976_000)
    assert stream.getvalue() == calls


def test_a_standard_error_that_nobody_reads_is_no_reason_to_lose_the_report() -> None:
    class Gone(Terminal):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    clock = Clock()
    line = ProgressLine("file", Gone(), clock)
    clock.now += 60
    line(1, 1)
    line.clear()
    line.finish(1)
    assert clock.now == 160


def test_progress_goes_on_within_one_file(tmp_path: Path) -> None:
    write(tmp_path, {"vms.yaml": "\n---\n".join([vm()] * 5)})
    evaluator = Evaluator(plan(RULES, unknown_registry(), {}, upstream_answers=False), ())
    calls: list[tuple[int, ...]] = []
    evaluate_all(evaluator, [Source("vms.yaml", f"{tmp_path}/vms.yaml")], 1, lambda *numbers: calls.append(numbers))
    assert calls == [(0, 1, 1), (0, 1, 2), (0, 1, 3), (0, 1, 4), (0, 1, 5), (1, 1, 5)]
