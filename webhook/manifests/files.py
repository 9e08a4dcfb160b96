"""Find the files to check from the names, directories and patterns that the user gives.

A repository may be hostile: symbolic links that point out of the given directories are not followed.
"""

# ruff: noqa: PTH112, PTH114, PTH116, PTH118, PTH119 - names stay as the user wrote them; pathlib would change them

import os
import re
import stat
from collections.abc import Iterator, Sequence

import msgspec

from webhook.errors import UnreadableError, reason_of
from webhook.files import kind_of
from webhook.manifests.globs import exclusion, fixed_part, full_match, has_magic

STDIN = "-"
ENDINGS = (".yaml", ".yml", ".json")
_SKIPPED_DIRECTORIES = frozenset({"node_modules"})


class SkippedLinks(msgspec.Struct, frozen=True):
    """Symbolic links that were not followed.

    Attributes:
        count: How many.
        first: The first of them.
    """

    count: int
    first: str

    def __str__(self) -> str:
        links = "1 symbolic link was" if self.count == 1 else f"{self.count} symbolic links were"
        return f"{links} not followed (to a directory, or out of the checked paths); the first: {self.first}"


Found = str | UnreadableError | SkippedLinks


def find_files(paths: Sequence[str], *, exclude: Sequence[str] = ()) -> Iterator[Found]:
    """The files to read, each once, in the order of `paths` and sorted within each; errors are in the place of the file.

    A given path may be a symbolic link. A link found in a directory is followed only to a file in one of the given directories. The last
    item says how many links were not followed.

    Args:
        paths: Files with any ending, directories (all files below with one of `ENDINGS`), patterns, and `-` for standard input.
        exclude: Patterns of files and directories to leave out, as in .gitignore.
    """
    finder = _Finder(exclusion(exclude), [_directory(path) for path in paths])
    for path in paths:
        yield from finder.find(path)
    if finder.skipped:
        yield SkippedLinks(len(finder.skipped), finder.skipped[0])


def _directory(path: str) -> str:
    """The directory that contains everything a path may match; for a file the file itself."""
    return fixed_part(path) or "." if has_magic(path) and not os.path.lexists(path) else path


class _Finder:
    """Finds files, each once, and records skipped links."""

    def __init__(self, excluded: re.Pattern[str] | None, roots: Sequence[str]) -> None:
        self.skipped: list[str] = []
        self._excluded = excluded
        self._roots = tuple({os.path.join(os.path.realpath(root), "") for root in roots if "\0" not in root})
        self._found: set[tuple[int, int]] = set()
        self._stdin = False

    def find(self, path: str) -> Iterator[Found]:
        """The files of one path or pattern."""
        if path == STDIN:
            if not self._stdin:
                yield path
            self._stdin = True
        elif os.path.isdir(path):
            yield from self._below(path)
        elif not has_magic(path) or os.path.lexists(path):
            yield from self._file(path)
        else:
            yield from self._matching(path)

    def _file(self, path: str) -> Iterator[Found]:
        if self._is_excluded(path):
            return
        try:
            status = os.stat(path)
        except (OSError, ValueError) as error:
            yield UnreadableError(reason_of(error), file=path)
            return
        identity = status.st_dev, status.st_ino
        if identity in self._found:
            return
        self._found.add(identity)
        if stat.S_ISREG(status.st_mode):
            yield path
            return
        problem = f"is {kind_of(status.st_mode)}, not a file; to check a stream, name - and redirect it to standard input"
        yield UnreadableError(problem, file=path)

    def _below(self, top: str) -> Iterator[Found]:
        for entry in self._walk(top, deepest=None):
            if isinstance(entry, UnreadableError):
                yield entry
            elif entry.endswith(ENDINGS):
                yield from self._walked(entry)

    def _walked(self, path: str) -> Iterator[Found]:
        """A file that was found below a directory."""
        if not os.path.islink(path) or os.path.realpath(path).startswith(self._roots):
            yield from self._file(path)
        elif not self._is_excluded(path):
            self.skipped.append(path)

    def _matching(self, pattern: str) -> Iterator[Found]:
        """Files that match, and files in directories that match. A pattern that ends in `*` matches only files with one of `ENDINGS`."""
        top, wanted = fixed_part(pattern) or ".", full_match(pattern)
        endings = ENDINGS if pattern.endswith("*") else ""
        nothing = True
        deepest = None if "**" in pattern else pattern.count("/", len(fixed_part(pattern)))
        for entry in self._walk(top, deepest=deepest) if os.path.isdir(top) else ():
            if isinstance(entry, UnreadableError):
                yield entry
            elif wanted.match(entry) and (os.path.isdir(entry) or entry.endswith(endings)):
                nothing = False
                yield from self._matched(entry)
        if nothing:
            yield UnreadableError("no file matches this pattern", file=pattern)

    def _matched(self, path: str) -> Iterator[Found]:
        """The files of a match. A link to a directory is not followed, because the user did not name it."""
        if not os.path.isdir(path):
            yield from self._walked(path)
        elif not os.path.islink(path):
            yield from self._below(path)
        elif self._enters(os.path.basename(path), path):
            self.skipped.append(path)

    def _walk(self, top: str, *, deepest: int | None) -> Iterator[str | UnreadableError]:
        """All files below a directory, at most `deepest` levels down, and the directories at that level."""
        waiting = [(0, top)]
        while waiting:
            depth, directory = waiting.pop()
            try:
                with os.scandir(directory) as listed:
                    entries = sorted(listed, key=lambda entry: entry.name)
            except OSError as error:
                yield UnreadableError(reason_of(error), file=directory)
                continue
            inner: list[tuple[int, str]] = []
            for entry in entries:
                path = entry.name if directory == "." else os.path.join(directory, entry.name)
                if depth == deepest or not _is_directory(entry):
                    yield path
                elif not self._enters(entry.name, path):
                    continue
                elif entry.is_symlink():
                    self.skipped.append(path)
                else:
                    inner.append((depth + 1, path))
            waiting += reversed(inner)

    def _enters(self, name: str, path: str) -> bool:
        return not name.startswith(".") and name not in _SKIPPED_DIRECTORIES and not self._is_excluded(path)

    def _is_excluded(self, path: str) -> bool:
        return self._excluded is not None and self._excluded.match(path.removeprefix("./")) is not None


def _is_directory(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a directory or a link to one. For a directory, this needs no access to its path, which may be too long."""
    try:
        return entry.is_dir()
    except OSError:
        return False
