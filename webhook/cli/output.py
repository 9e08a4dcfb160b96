"""Writes the output of a command, to standard output or to a file, as a whole or with an error."""

import contextlib
import io
import os
import select
import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webhook.errors import EXIT_INTERRUPTED, UsageError, reason_of
from webhook.files import replace_file

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def open_missing_streams() -> None:
    """Let a command run that was started without standard output or error (`>&-`): what it prints goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open until the process ends


def whole_stdout() -> contextlib.redirect_stdout[io.TextIOWrapper]:
    """Standard output for as long as a block runs, for all that is printed in it, by click too: UTF-8, and whole.

    What cannot be written is a `UsageError`. When the reader went away (`| head`) the process ends: there is nobody left to tell anything.
    """
    whole = _Whole(sys.stdout.fileno(), "wb", closefd=False)
    return contextlib.redirect_stdout(io.TextIOWrapper(whole, encoding="utf-8", errors="backslashreplace", write_through=True))


def to_stdout(text: str) -> None:
    """Print the text, which brings its own line end."""
    sys.stdout.buffer.write(_encoded(text))
    sys.stdout.buffer.flush()


def to_file(text: str, name: str) -> None:
    """Let a file hold the text and nothing else; a pipe or device is written into. `UsageError` when it cannot be done.

    A symbolic link is refused, as a repository may bring one: as the file itself, and as a directory below the working directory.
    """
    path = Path(os.path.abspath(name))  # noqa: PTH100 - `..` and links: what is checked is what is written
    try:
        link = None if _is_a_descriptor(path) else next((each for each in _may_be_brought(path) if each.is_symlink()), None)
        if link is not None:
            raise UsageError(
                f"{name}: cannot be written: {link} is a symbolic link, which is not followed; remove it, or name another file"
            )
        if _is_a_descriptor(path) or _takes_a_stream(path):
            path.write_bytes(_encoded(text))
        else:
            replace_file(path, _encoded(text))
    except (OSError, ValueError) as error:
        raise UsageError(f"{name or 'a file without a name'}: cannot be written: {reason_of(error)}") from error


def _is_a_descriptor(path: Path) -> bool:
    """`/dev/stdout` and `/dev/fd/63` are links, of the system and not of a repository."""
    return str(path) in ("/dev/stdout", "/dev/stderr") or str(path.parent) in ("/dev/fd", "/proc/self/fd")


def _may_be_brought(path: Path) -> Sequence[Path]:
    """The file, and the directories that lead to it from the working directory, if they do, under whatever name that is reached."""
    here = Path.cwd()
    for depth, parent in enumerate(path.parents):
        if parent.exists() and parent.samefile(here):
            return [path, *path.parents[:depth]]
    return [path]


def _takes_a_stream(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


class _Whole(io.FileIO):
    """A descriptor without a buffer that takes all it is given; Python's own, of an unbuffered run, may take a part and say nothing."""

    def write(self, data: "ReadableBuffer", /) -> int:
        left = memoryview(data).cast("B")
        try:
            while left:
                left = left[self._taken(left) :]
        except BrokenPipeError:
            sys.exit(EXIT_INTERRUPTED)
        except OSError as error:
            raise UsageError(f"standard output cannot be written: {error.strerror}") from error
        return memoryview(data).nbytes

    def _taken(self, data: memoryview) -> int:
        """How many bytes were written, once the reader of a pipe that does not block has made room."""
        try:
            return os.write(self.fileno(), data)
        except BlockingIOError:
            select.select([], [self], [])
            return 0


def _encoded(text: str) -> bytes:
    return text.encode(errors="backslashreplace")


_NARROWEST = 40
_WIDEST = 140


def width() -> int:
    """Columns to write into: the terminal's, or `COLUMNS`; 80 where neither is known. At least 40, at most 140."""
    return min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)


def wants_colour() -> bool:
    """Whether text may stand out: on a terminal that can show it, unless NO_COLOR is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def bold(text: str) -> str:
    """The text in bold where it may stand out, else unchanged."""
    return click.style(text, bold=True) if wants_colour() else text
