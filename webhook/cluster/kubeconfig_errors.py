"""Why a kubeconfig cannot be used, as a clause for people; and what libraries log as an error while they read one."""

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
_NOT_ITS_FORM = (AttributeError, LookupError, TypeError)
"""What a reader comes to that expects a list and finds a number."""


def in_plain_words(error: Exception, file: str | None = None) -> str:
    """Why what was read of `file` cannot be used; the name of another file, where that is the trouble."""
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename not in (None, file) else ""
        return cut_to_a_line(f"{place}{reason_of(error)}")
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    if isinstance(error, binascii.Error):
        return "one of its values that end in -data is not base64"
    if isinstance(error, yaml.YAMLError):
        return cut_to_a_line(f"it is not YAML: {_of_yaml(error)}")
    if isinstance(error, _NOT_ITS_FORM):
        return "it does not have the form of a kubeconfig"
    return cut_to_a_line(str(error)) or "it cannot be read"


def cut_to_a_line(text: str) -> str:
    """A library's message as the middle of one of ours."""
    return visible(" ".join(_NUMBER.sub("", text).split()).rstrip("."))[:_MAX_REPORTED]


def _of_yaml(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem} in line {error.problem_mark.line + 1}"
    return str(getattr(error, "reason", error))


@contextlib.contextmanager
def captured_logs() -> Iterator[list[str]]:
    """The errors that this thread logs on the root logger within the block; they do not come out."""
    heard: list[str] = []
    thread = threading.get_ident()

    def others(record: logging.LogRecord) -> bool:
        if record.thread != thread or record.levelno < logging.ERROR:
            return True
        heard.append(record.getMessage())
        return False

    root = logging.getLogger()
    with _handled(root):
        root.addFilter(others)
        try:
            yield heard
        finally:
            root.removeFilter(others)


@contextlib.contextmanager
def _handled(root: logging.Logger) -> Iterator[None]:
    """`logging.error` sets up a handler for good where there is none; the one that is used without any is put there for so long."""
    handler = logging.lastResort
    if root.handlers or handler is None:
        yield
        return
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
