"""Where a command's output goes: all of a text or nothing of it. Does not know what is written."""

import os
import stat
import sys
from pathlib import Path

from webhook.errors import EXIT_INTERRUPTED, UsageError


def open_missing_streams() -> None:
    """Let a command run that was started without standard output or error (`>&-`): what it prints goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open until the process ends


def to_stdout(text: str) -> None:
    """Print the text, which brings its own line end; `UsageError` when it cannot be written.

    When the reader went away (`| head`) the process ends: there is nobody left to tell anything.
    """
    try:
        sys.stdout.buffer.write(_encoded(text))
        sys.stdout.buffer.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is buffered still must not fail again at exit
        if isinstance(error, BrokenPipeError):
            sys.exit(EXIT_INTERRUPTED)
        raise UsageError(f"standard output cannot be written: {error.strerror}") from error


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
