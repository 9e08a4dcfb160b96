"""Promises that all formats keep."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given

from tests.ci_commands import TEXTS, commands_in
from tests.report.builders import CLEAN, EMPTY, HOSTILE, MIXED, hostile, render, report
from tests.report.readers import read_commands, read_json, read_markdown, read_page, read_xml, read_yaml
from webhook.errors import UnreadableError, UsageError
from webhook.report.findings import Report
from webhook.report.formats import FORMATS

READERS: dict[str, Callable[[str], object]] = {
    "text": str.encode,
    "json": read_json,
    "yaml": read_yaml,
    "junit": read_xml,
    "sarif": read_json,
    "github": read_commands,
    "gitlab": read_json,
    "markdown": read_markdown,
    "html": read_page,
}
UNREADABLE_ONLY = report(unreadable=MIXED.unreadable)


@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize("what", [EMPTY, CLEAN, MIXED, UNREADABLE_ONLY], ids=["empty", "clean", "mixed", "unreadable only"])
def test_every_report_is_read_by_its_reader_and_ends_with_one_line_end(output: str, what: Report) -> None:
    text = render(what, output)
    READERS[output](text)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_anywhere_is_read_as_text(output: str, text: str) -> None:
    error = UnreadableError(text, file=text, line=1, column=1)
    READERS[output](render(report(hostile(text), hostile(text), unreadable=(error, error), notes=(text,)), output))


@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_format_prints_what_a_terminal_would_act_on(output: str, text: str) -> None:
    error = UnreadableError(text, file=text, line=1, column=1)
    printed = render(report(hostile(text), unreadable=(error,), notes=(text,)), output)
    assert [character for character in printed if not character.isprintable() and character != "\n"] == []


@pytest.mark.parametrize("output", FORMATS)
@given(text=TEXTS)
def test_no_input_begins_a_line_that_a_ci_service_takes_for_a_command(output: str, text: str) -> None:
    error = UnreadableError(text, file=text, line=1, column=1)
    commands = commands_in(render(report(hostile(text), unreadable=(error,), notes=(text,)), output))
    assert [line.partition(" ")[0] for line in commands] == (["::error", "::error", "::notice"] if output == "github" else [])


@pytest.mark.parametrize("output", [each for each in FORMATS if each != "text"])
def test_only_text_is_coloured(output: str) -> None:
    assert render(MIXED, output, colour=True) == render(MIXED, output)


def test_an_unknown_format_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(
        UsageError, match='no output format "xml"; there are text, json, yaml, junit, sarif, github, gitlab, markdown, html'
    ):
        render(CLEAN, "xml")


LOADED = """
import sys
import webhook.report.formats
print([name for name in sys.modules if name.startswith("webhook.report.as_") or name in ("yaml", "xml")])
"""


def test_the_door_loads_no_format_until_one_is_asked_for() -> None:
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", LOADED], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert loaded.stdout == "[]\n"
