"""Configure the log: JSON or console lines, for this program and for libraries.

One line is one event: a constant message with fields. Libraries log through `logging`, as uvicorn does, and get the same format.
"""

import json
import logging
import sys
import threading
from collections.abc import Callable

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_FIRST = ("timestamp", "level", "event")
_MIN_LEVELS = {
    "uvicorn": logging.ERROR,
    "uvicorn.error": logging.ERROR,
    "asyncio": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
}
"""Lower levels of these libraries are not logged: start and stop have events of this program, and malformed requests are counted."""


def configure_logs(*, level: str, form: str | None, write: Callable[[str], object], terminal: bool = False) -> None:
    """Set up structlog and `logging` for this process.

    Args:
        level: Lowest level that is logged: `debug`, `info`, `warning` or `error`.
        form: `json` or `console`; `None` is console on a terminal and JSON anywhere else.
        write: Receives each line, which ends with a line feed; must neither block nor fail.
        terminal: Whether the lines go to a terminal.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    rendering = _rendering(form, terminal=terminal)
    structlog.configure(
        processors=[*_SHARED, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: _Lines(write),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(write)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder(), _without_colours],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(least)
    for name, least_of in _MIN_LEVELS.items():
        logger = logging.getLogger(name)
        logger.setLevel(max(least, least_of))
        logger.handlers, logger.propagate = [], True  # remove handlers that a library has added


def is_json(form: str | None, *, terminal: bool) -> bool:
    """Whether log lines are JSON with this `log_format`, where a terminal shows them or not."""
    return (form or ("console" if terminal else "json")) == "json"


def log_start_failure(error: Exception) -> None:
    """Log why a server cannot start: one line for each thing that is wrong."""
    log = structlog.get_logger(__name__)
    for problem in str(error).split("\n"):
        log.critical("cannot start", problem=problem)


def log_uncaught() -> None:
    """Log the warnings and exceptions that Python would print to standard error, where it could block."""
    logging.captureWarnings(capture=True)
    sys.unraisablehook = _log_unraisable
    threading.excepthook = _log_thread_exception


def _log_unraisable(found: "sys.UnraisableHookArgs") -> None:
    logging.getLogger(__name__).error(found.err_msg or "exception ignored", exc_info=found.exc_value)


def _log_thread_exception(found: threading.ExceptHookArgs) -> None:
    logging.getLogger(__name__).error("a thread ended with an exception", exc_info=found.exc_value)


def gap_line(form: str | None, *, terminal: bool, count: int) -> str:
    """The log line that says how many lines were dropped."""
    lines: list[str] = []
    log = structlog.wrap_logger(_Lines(lines.append), processors=[*_SHARED, *_rendering(form, terminal=terminal)])
    log.warning("log lines dropped", lines=count)
    return lines[0]


class _Handler(logging.Handler):
    """Writes the lines of `logging`."""

    def __init__(self, write: Callable[[str], object]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - logging's own handlers do the same
            self.handleError(record)


class _Lines:
    """Writes the lines of structlog."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def msg(self, message: str) -> None:
        self._write(message + "\n")

    log = debug = info = warning = error = critical = exception = msg


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def _without_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Remove uvicorn's second copy of the message, which has terminal codes."""
    event.pop("color_message", None)
    return event


def _rendering(form: str | None, *, terminal: bool) -> tuple[Processor, ...]:
    if not is_json(form, terminal=terminal):
        plain = structlog.dev.plain_traceback
        return (structlog.dev.ConsoleRenderer(colors=terminal, repr_native_str=True, exception_formatter=plain),)
    return structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_as_json)


def _as_json(event: EventDict, **_: object) -> str:
    """One line of JSON for any fields, even for a file name that is not UTF-8."""
    ordered = {key: event[key] for key in _FIRST if key in event} | dict(event)
    try:
        return msgspec.json.encode(ordered, enc_hook=repr).decode()
    except UnicodeEncodeError:
        return json.dumps(ordered, default=repr)
