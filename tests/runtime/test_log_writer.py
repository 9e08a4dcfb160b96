"""Log lines on their way out: in order, whole, and never waited for."""

import os
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from webhook.runtime.log_writer import LogWriter

TIMEOUT = 30.0
LINE = "x" * 1023 + "\n"


class Pipe(NamedTuple):
    read: int
    write: int

    def lines(self) -> Iterator[str]:
        """What comes until the writing end is closed."""
        with open(self.read, encoding="utf-8", closefd=False) as stream:
            yield from stream


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe(*os.pipe())
    yield made
    os.close(made.read)
    for writer in _WRITERS:
        writer.close(TIMEOUT)
    _WRITERS.clear()
    os.close(made.write)


_WRITERS: list[LogWriter] = []
"""Must have ended before their descriptor is another file's."""


def gap(count: int) -> str:
    return f"{count} dropped\n"


def writer_to(pipe: Pipe, **options: int) -> LogWriter:
    _WRITERS.append(LogWriter(pipe.write, gap, **options))
    return _WRITERS[-1]


def drained(pipe: Pipe, writer: LogWriter) -> list[str]:
    """All lines, of which the last is one that is written now."""
    lines: list[str] = []

    def read() -> None:
        for line in pipe.lines():
            lines.append(line)
            if line == "last\n":
                return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    while reader.is_alive():
        writer.write("last\n")  # is dropped as long as the queue is full
        reader.join(0.05)
    return lines


def test_lines_come_out_in_order(pipe: Pipe) -> None:
    writer = writer_to(pipe)
    for number in range(100):
        writer.write(f"{number}\n")
    writer.close(TIMEOUT)
    assert os.read(pipe.read, 65536).decode() == "".join(f"{number}\n" for number in range(100))
    assert writer.dropped == 0


def test_what_does_not_fit_is_counted_and_reported_where_it_is_missing(pipe: Pipe) -> None:
    writer = writer_to(pipe, max_waiting_bytes=20 * len(LINE))
    for _ in range(200):
        writer.write(LINE)
    dropped = writer.dropped
    assert dropped >= 200 - 64 - 20 - 1
    lines = drained(pipe, writer)
    gaps = [line for line in lines if line.endswith("dropped\n")]
    assert lines.count(LINE) == 200 - dropped
    assert sum(int(line.split()[0]) for line in gaps) == writer.dropped
    assert lines.index(gaps[0]) == 200 - dropped


def test_a_gap_at_the_end_is_reported_when_the_log_is_read_again(pipe: Pipe) -> None:
    writer = writer_to(pipe, max_waiting_bytes=20 * len(LINE))
    for _ in range(200):
        writer.write(LINE)
    lines = pipe.lines()
    assert next(line for line in lines if line != LINE) == gap(writer.dropped)


def test_a_full_pipe_does_not_hold_the_exit(pipe: Pipe) -> None:
    writer = writer_to(pipe)
    for _ in range(200):
        writer.write(LINE)
    writer.close(0.01)
    writer.write(LINE)
    assert writer.dropped == 1


def test_a_reader_that_is_gone_fails_nobody() -> None:
    read, write = os.pipe()
    os.close(read)
    writer = LogWriter(write, gap)
    writer.write(LINE)
    writer.write(LINE)
    writer.close(TIMEOUT)
    os.close(write)
    assert writer.dropped == 0


def test_text_that_is_no_utf_8_is_written_all_the_same(pipe: Pipe) -> None:
    writer = writer_to(pipe)
    writer.write("\udcff\n")
    writer.close(TIMEOUT)
    assert os.read(pipe.read, 100) == b"\\udcff\n"
