"""Log lines: one event each, whatever it carries and wherever it comes from."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from uvicorn.config import LOGGING_CONFIG

from webhook.runtime.logs import configure_logs, gap_line


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers, root.level, {name: logging.getLogger(name).level for name in ("uvicorn", "asyncio")}
    yield
    structlog.reset_defaults()
    root.handlers, level, levels = before
    root.setLevel(level)
    for name, each in levels.items():
        logging.getLogger(name).setLevel(each)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def logged(level: str = "info", form: str | None = "json") -> tuple[Any, io.StringIO]:
    stream = io.StringIO()
    configure_logs(level=level, form=form, write=stream.write)
    return structlog.get_logger("test"), stream


def test_a_line_has_the_time_in_utc_the_level_the_event_and_its_fields() -> None:
    log, stream = logged()
    log.info("denied", uid="1", milliseconds=0.3)
    (line,) = lines(stream)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert (line["level"], line["event"], line["uid"], line["milliseconds"]) == ("info", "denied", "1", 0.3)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(line["timestamp"])).total_seconds()) < 60


def test_below_the_level_nothing_is_logged() -> None:
    log, stream = logged("warning")
    log.info("a")
    logging.getLogger("elsewhere").info("b")
    log.warning("c")
    assert [line["event"] for line in lines(stream)] == ["c"]


def test_libraries_log_the_same_way_and_only_what_is_news_whatever_configured_them_before() -> None:
    logging.config.dictConfig(LOGGING_CONFIG)
    _, stream = logged()
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("uvicorn.error").error("Exception in %s", "application", extra={"color_message": "\x1b[31m"})
    (line,) = lines(stream)
    assert (line["level"], line["event"]) == ("error", "Exception in application")
    assert "color_message" not in line


def test_an_exception_is_one_field() -> None:
    log, stream = logged()
    try:
        [][5:].pop()
    except IndexError:
        log.exception("failed")
        logging.getLogger("elsewhere").exception("failed too")
    ours, theirs = lines(stream)
    assert "IndexError: pop from empty list" in ours["exception"]
    assert "IndexError: pop from empty list" in theirs["exception"]


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("value", ["a\nb", "\x1b[31m", "\u2028".strip() or "x", "\ud800", object(), {"a": [1]}, b"\xff"])
def test_no_value_breaks_a_line_or_speaks_to_a_terminal(form: str, value: object) -> None:
    log, stream = logged(form=form)
    log.info("event", field=value)
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_gets_the_console_form_and_anything_else_json() -> None:
    log, stream = logged(form=None)
    log.info("a")
    assert lines(stream)

    terminal = io.StringIO()
    configure_logs(level="info", form=None, write=terminal.write, terminal=True)
    structlog.get_logger("other").info("b")
    assert "{" not in terminal.getvalue()


def test_the_line_about_a_gap_looks_like_all_others() -> None:
    line = json.loads(gap_line("json", terminal=False, count=7))
    assert (line["level"], line["event"], line["lines"]) == ("warning", "log lines dropped", 7)
    assert "lines=7" in gap_line("console", terminal=False, count=7)
