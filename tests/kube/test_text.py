"""Values in messages: short, in one line, harmless."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ci_commands import commands_in
from webhook.kube.text import MAX_LENGTH, quoted, shown, visible, without_command


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("passt", '"passt"'),
        ("", '""'),
        ("x" * 100, '"' + "x" * MAX_LENGTH + '..."'),
        ("grün", '"grün"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("\ud800", '"\\ud800"'),
        ("\x1b[31m", '"\\u001b[31m"'),
        ("\x7f\u202e\u2028", '"\\u007f\\u202e\\u2028"'),
        (2**64, "a 65-bit number"),
        (-(10**5000), "a 16610-bit number"),
        (2**64 - 1, "18446744073709551615"),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
        ({"a": 1}, "an object"),
        ([1], "a list"),
    ],
    ids=lambda value: f"{value!r:.20}" if not isinstance(value, int) else f"{value.bit_length()} bits",
)
def test_a_value_is_shown_short_and_harmless(value: object, text: str) -> None:
    assert shown(value) == text


def test_no_string_at_all_is_quoted_as_the_empty_one() -> None:
    assert quoted(None) == '""'


@given(st.text(max_size=MAX_LENGTH))
def test_a_short_string_can_be_read_back(text: str) -> None:
    assert json.loads(quoted(text)) == text
    assert quoted(text).isprintable()


@pytest.mark.parametrize(
    ("text", "line"), [("a b", "a b"), ("a\nb", r"a\nb"), ("\x1b[31m", r"\x1b[31m"), ("\ud800\u202e", r"\ud800\u202e")]
)
def test_a_text_becomes_one_line_that_no_terminal_obeys(text: str, line: str) -> None:
    assert visible(text) == line


COMMANDS = st.lists(
    st.sampled_from(["::", ":", "#", "##", "##[", "##vso[", "##teamcity[", "error", "]", " ", "\t", "\n", "\r", "\u200b", "x"])
)


@given(COMMANDS.map("".join) | st.text())
def test_no_text_becomes_a_line_that_a_ci_service_takes_for_a_command(text: str) -> None:
    assert commands_in(visible(text)) == []
    assert commands_in(without_command(text.replace("\n", "").replace("\r", ""))) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("::error file=a::b", r"\x3a:error file=a::b"),
        ("  ::error::b", r"  \x3a:error::b"),
        ("a ##[error]b", r"a #\x23[error]b"),
        ("##vso[task.complete]", r"#\x23vso[task.complete]"),
        ("###[x]", r"##\x23[x]"),
        ("a::b # c ## d", "a::b # c ## d"),
        ("a\u3164b\ufe0f\u200d", r"a\u3164b\ufe0f\u200d"),
    ],
)
def test_of_a_command_one_character_is_spelled_out(text: str, line: str) -> None:
    assert visible(text) == line


@given(st.text())
def test_a_line_is_printable_and_whole(text: str) -> None:
    assert visible(text).isprintable()
    assert len(visible(text)) >= len(text)
