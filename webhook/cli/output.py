"""Where a command's output goes: all of a text, or an end that says otherwise. Does not know what is written."""

import contextlib
import io
import os
import select
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from webhook.errors import EXIT_INTERRUPTED, UsageError

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
    """Let a file hold the text and nothing else; a pipe or device is written into. `UsageError` when it cannot be done."""
    path = Path(name)
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(_encoded(text))
        else:
            _replace(Path(os.path.realpath(path)), _encoded(text))  # a link stays one
    except OSError as error:
        raise UsageError(f"{name or 'a file without a name'}: cannot be written: {error.strerror}") from error


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


def _replace(target: Path, data: bytes) -> None:
    """By a draft beside the target, with its mode, that takes its place in one step."""
    draft = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            if target.exists():
                os.fchmod(stream.fileno(), stat.S_IMODE(target.stat().st_mode))
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _encoded(text: str) -> bytes:
    return text.encode(errors="backslashreplace")
