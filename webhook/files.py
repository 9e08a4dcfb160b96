"""Read regular files of limited size, and write files atomically without following links."""

# ruff: noqa: PTH105, PTH108, PTH116 - names stay as they were given; pathlib would change them

import contextlib
import errno
import io
import os
import stat
from pathlib import Path

MAX_MANIFEST_BYTES = 1024 * 1024 * 1024
"""Size limit of a file with manifests, which is read document by document, in the memory of one."""

MAX_REGISTRY_BYTES = 32 * 1024 * 1024
"""Size limit of a file with a registry."""

_CHUNK = 64 * 1024
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link",
}


class UnusableFileError(OSError):
    """A file that exists but is refused for its kind or size; it has no `errno`."""


class BoundedFile(io.FileIO):
    """A file open for reading; `UnusableFileError` as soon as it gives more than `max_bytes`, or would block."""

    def __init__(self, descriptor: int, max_bytes: int) -> None:
        super().__init__(descriptor)
        self._max_bytes = max_bytes
        self._left = max_bytes

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = self._left + 1 if size is None or size < 0 else min(size, self._left + 1)
        content: bytes | None = super().read(wanted)
        if content is None:  # /proc/kmsg says that it is a regular file, and blocks until a message comes
            raise UnusableFileError("gives no content without waiting; give a regular file")
        self._left -= len(content)
        _check_size(self._max_bytes - self._left, self._max_bytes)
        return content

    def readall(self) -> bytes:
        content = bytearray()
        while piece := self.read(max(_CHUNK, os.fstat(self.fileno()).st_size + 1)):
            content += piece
        return bytes(content)


def open_file(path: str | Path, *, max_bytes: int, pipe: bool = False, follow: bool = True) -> BoundedFile:
    """Open a regular file for reading, unbuffered.

    Args:
        path: The file.
        max_bytes: Size limit in bytes, at the start and while it is read.
        pipe: Whether it may be a pipe, such as `<(helm template ...)` on the command line; opening it waits for its writer.
        follow: Whether it may be a symbolic link.

    Raises:
        OSError: It cannot be opened; `UnusableFileError` for anything but a regular file, which is not opened.
    """
    mode = (os.stat(path) if follow else os.lstat(path)).st_mode
    waits = pipe and stat.S_ISFIFO(mode)
    _check_kind(mode, pipe=pipe)
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | (0 if follow else os.O_NOFOLLOW) | (0 if waits else os.O_NONBLOCK)
    stream = BoundedFile(os.open(path, flags), max_bytes)
    try:
        status = os.fstat(stream.fileno())
        _check_kind(status.st_mode, pipe=pipe)  # the opened file is decisive: the name may have changed since `stat`
        _check_size(status.st_size, max_bytes)
    except BaseException:
        stream.close()
        raise
    return stream


def read_file(path: str | Path, *, max_bytes: int, pipe: bool = False, follow: bool = True) -> bytes:
    """All bytes of a file that `open_file` opens."""
    with open_file(path, max_bytes=max_bytes, pipe=pipe, follow=follow) as stream:
        return stream.readall()


def kind_of(mode: int) -> str:
    """The kind of a file that is not a regular one, in words, from its mode."""
    return _KINDS.get(stat.S_IFMT(mode), "something else")


def is_pipe(path: str) -> bool:
    """Whether the path is a pipe."""
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def replace_file(path: str | Path, content: bytes, *, mode: int | None = None, sync: bool = False) -> None:
    """Write a file atomically: a temporary file beside it is renamed to it. A symbolic link of that name is replaced, not followed.

    Args:
        path: The file.
        content: The new content.
        mode: Its permissions; `None` for those of the file that is replaced, or the default of a new file.
        sync: Whether to call fsync, so that content and name survive a power cut.

    Raises:
        OSError: It cannot be written; the old file is unchanged.
    """
    target = Path(path)
    draft = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666 if mode is None else mode & 0o600)
    try:
        with io.FileIO(descriptor, "wb") as stream:
            _write(stream, content)
            wanted = _permissions(target) if mode is None else mode
            if wanted is not None:
                os.fchmod(descriptor, wanted)
            if sync:
                os.fsync(descriptor)
        os.replace(draft, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise
    if sync:
        _sync_directory(target.parent)


def _check_kind(mode: int, *, pipe: bool) -> None:
    if not stat.S_ISREG(mode) and not (pipe and stat.S_ISFIFO(mode)):
        raise UnusableFileError(f"is {kind_of(mode)}, not a regular file")


def _check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise UnusableFileError(f"has more than {max_bytes:,} bytes")


def _write(stream: io.FileIO, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[stream.write(left) :]


def _permissions(target: Path) -> int | None:
    try:
        status = target.lstat()
    except FileNotFoundError:
        return None
    return stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else None


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system without fsync for directories
            raise
    finally:
        os.close(descriptor)
