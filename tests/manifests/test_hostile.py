import time
from collections.abc import Iterator

import pytest

from webhook.manifests import composer, json_reader
from webhook.manifests.limits import MAX_DEPTH

from .asserts import assert_unreadable
from .builders import data, place


@pytest.fixture(autouse=True)
def _with_an_end() -> Iterator[None]:
    """Nothing here hangs or grows without end; how fast it is, is for benchmarks/ to say."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < 300


@pytest.mark.parametrize(
    ("text", "column"),
    [("[" * 100_000, 101), ('{"a":' * 100_000, 501), ("{a: " * 100_000, 401), ("- " * 100_000, 201), ("? " * 100_000, 201)],
)
def test_deep_nesting_is_refused_and_crashes_nothing(text: str, column: int) -> None:
    assert_unreadable(text, f"nested deeper than {MAX_DEPTH} levels", at=(1, column))


def test_deep_json_is_refused_and_crashes_nothing() -> None:
    for levels in (101, 500, 100_000):
        assert_unreadable("[" * levels + "]" * levels, "nested deeper than 100 levels", at=(1, 101), json=True)


def test_deep_block_nesting_is_refused() -> None:
    assert_unreadable("".join(" " * column + "a:\n" for column in range(2000)), "nested deeper", at=(101, 101))


def test_a_hundred_levels_are_read() -> None:
    assert data("[" * 100 + "]" * 100) == data("[" * 100 + "]" * 100, json=True)


def test_a_yaml_bomb_is_refused_before_it_grows() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
    assert_unreadable(bomb, "aliases expand to more than 2,000,000 values", at=(8, 10))


def test_a_bomb_of_merge_keys_is_refused() -> None:
    bomb = "a0: &a0 {k: v}\n" + "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 12))
    assert_unreadable(bomb, "aliases expand to more than", at=(7, 55))


def test_more_values_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for reader in (composer, json_reader):
        monkeypatch.setattr(reader, "MAX_VALUES", 1000)  # two million take long where coverage counts along
    assert_unreadable("[" + "1," * 1001 + "1]", "the document holds more than 1,000 values", at=(1, 2000))


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "x " * 100_000,
        "a: x" + " " * 100_000 + "\t",
        "a" * 100_000,
        "a: " + "b: " * 30_000,
        "a: '" + "''" * 50_000 + "'",
        "#" * 100_000,
        " " * 100_000,
        "a: |\n" + " \n" * 100_000,
        "a: x" + " #" * 50_000,
        "- " * 50,
        ("-" + " " * 100) * 500,
        "a: " + ":x" * 100_000,
        "a:\n" * 50_000,
        '{"a": 1}' + " " * 200_000,
        "a: " + " " * 100_000 + "x",
        "a:" + " " * 100_000 + "\t",
        "-" + " " * 100_000 + "\t",
        "a: x  y" * 20_000 + "\t",
    ],
)
def test_long_lines_take_linear_time(text: str) -> None:
    started = time.monotonic()
    assert place(text, "a").line >= 1
    assert time.monotonic() - started < 5


def test_a_number_of_thousands_of_digits_is_bounded() -> None:
    digits = "9" * 5000
    assert data(f"a: {digits}") == {"a": digits}
    assert_unreadable(f'{{"a": {digits}}}', "is no number that JSON", at=(1, 7), json=True)


def test_unicode_tricks_in_messages_are_escaped() -> None:
    assert_unreadable('"\\x1b[31m": 1\n"\\x1b[31m": 2\n', 'key "\\u001b[31m" is written twice', at=(2, 1))
