"""The time that a caller gives."""

import pytest

from webhook.http.deadline import parse_duration, seconds_to_answer


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10),
        ("1m30s", 90),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        (".5s", 0.5),
        ("1.s", 1),
        ("+3s", 3),
        ("2h", 7200),
        ("7us", 7e-6),
        ("7µs", 7e-6),
    ],
)
def test_a_duration_is_read_as_go_reads_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "0", "0s", "-5s", "s", "1e3s", "10 s", "10S", "nan", "infs", "1.2.3s", ".s", "10s ", "٣s", "9" * 50 + "s"]
)
def test_what_is_no_time_to_answer_in_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        (b"timeout=2s", 2),
        (b"a=b&timeout=2s", 2),
        (b"timeout=1m", 30),
        (b"", 10),
        (b"timeout=soon", 10),
        (b"timeout=", 10),
        (b"timeout=2s&" + b"a" * 1000, 10),
        (b"a&" * 50 + b"timeout=2s", 10),
        (b"timeout=%ff", 10),
        (b"\xff", 10),
    ],
)
def test_an_answer_leaves_a_little_before_the_time_is_over(query: bytes, seconds: float) -> None:
    assert seconds_to_answer(query, 10.0) == pytest.approx(0.95 * seconds)
