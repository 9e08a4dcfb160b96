"""How log lines look: JSON or for a terminal, from us and from libraries alike. Decides nothing about what is logged.

One line is one event: a constant message with fields. Libraries log through `logging` (uvicorn does), and come out the same way.
"""

import contextlib
import json
import logging
import sys
from typing import TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_FIRST = ("timestamp", "level", "event")
_LEAST_OF = {
    "uvicorn": logging.ERROR,
    "uvicorn.error": logging.ERROR,
    "asyncio": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
}
"""What libraries tell below these levels is no news: starting and stopping is told in our own words, what strangers send is counted."""


def configure_logs(*, level: str, form: str | None, stream: TextIO = sys.stderr) -> None:
    """Set up structlog and `logging` for this process.

    Args:
        level: Least level that is logged: `debug`, `info`, `warning` or `error`.
        form: `json` or `console`; `None` is console on a terminal and JSON anywhere else.
        stream: Where lines go.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    rendering = _rendering(form, stream)
    structlog.configure(
        processors=[*_SHARED, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: _Lines(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder(), _without_colours],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(least)
    for name, least_of in _LEAST_OF.items():
        logger = logging.getLogger(name)
        logger.setLevel(max(least, least_of))
        logger.handlers, logger.propagate = [], True  # whatever configured it before: there is one way out


class _Lines(structlog.WriteLogger):
    """Writes lines and never fails: a log that nobody reads any more must not fail a review."""

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warning = error = critical = exception = msg


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def _without_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Uvicorn sends each message a second time, with terminal codes."""
    event.pop("color_message", None)
    return event


def _rendering(form: str | None, stream: TextIO) -> tuple[Processor, ...]:
    if (form or ("console" if stream.isatty() else "json")) == "console":
        plain = structlog.dev.plain_traceback
        return (structlog.dev.ConsoleRenderer(colors=stream.isatty(), repr_native_str=True, exception_formatter=plain),)
    return structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_as_json)


def _as_json(event: EventDict, **_: object) -> str:
    """One line, whatever the fields hold: a file name may be no UTF-8."""
    ordered = {key: event[key] for key in _FIRST if key in event} | dict(event)
    try:
        return msgspec.json.encode(ordered, enc_hook=repr).decode()
    except UnicodeEncodeError:
        return json.dumps(ordered, default=repr)
