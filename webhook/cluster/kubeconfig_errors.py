"""Errors of reading a kubeconfig in plain words, and the errors that libraries log meanwhile."""

import binascii
import contextlib
import logging
import re
import threading
from collections.abc import Iterator

import yaml

from webhook.errors import reason_of
from webhook.kube.text import visible

_MAX_REPORTED = 400
_NUMBER = re.compile(r"^\[Errno -?\d+\] | \(_ssl\.c:\d+\)$")
_WRONG_SHAPE = (AttributeError, LookupError, TypeError)
"""What the loader raises where it expects, for example, a list and finds a number."""


def in_plain_words(error: Exception, file: str | None = None) -> str:
    """Why `file` cannot be used, as a clause; it names another file where that one is the problem."""
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename not in (None, file) else ""
        return cut_to_a_line(f"{place}{reason_of(error)}")
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    if isinstance(error, binascii.Error):
        return "one of its values that end in -data is not base64"
    if isinstance(error, yaml.YAMLError):
        return cut_to_a_line(f"it is not YAML: {_of_yaml(error)}")
    if isinstance(error, _WRONG_SHAPE):
        return "it does not have the form of a kubeconfig"
    return cut_to_a_line(str(error)) or "it cannot be read"


def cut_to_a_line(text: str) -> str:
    """A library's message on one line, without a full stop and numbers of errors, to stand in a message of this program."""
    return visible(" ".join(_NUMBER.sub("", text).split()).rstrip("."))[:_MAX_REPORTED]


def _of_yaml(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem} in line {error.problem_mark.line + 1}"
    return str(getattr(error, "reason", error))


@contextlib.contextmanager
def captured_logs() -> Iterator[list[str]]:
    """Collect the errors that this thread logs to the root logger within the block, and keep them out of the log."""
    captured: list[str] = []
    thread = threading.get_ident()

    def others(record: logging.LogRecord) -> bool:
        if record.thread != thread or record.levelno < logging.ERROR:
            return True
        captured.append(record.getMessage())
        return False

    root = logging.getLogger()
    with _with_handler(root):
        root.addFilter(others)
        try:
            yield captured
        finally:
            root.removeFilter(others)


@contextlib.contextmanager
def _with_handler(root: logging.Logger) -> Iterator[None]:
    """Give the root logger a handler within the block; without one, `logging.error` would add one for good."""
    handler = logging.lastResort
    if root.handlers or handler is None:
        yield
        return
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
