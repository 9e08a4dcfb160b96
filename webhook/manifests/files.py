"""Which files a run reads: names, directories and patterns in, file names out. Opens none, and knows nothing of what is in them."""

# ruff: noqa: PTH112, PTH116, PTH118, PTH208 - names stay as the user wrote them; pathlib would change them

import os
import re
import stat
from collections.abc import Iterator, Sequence

from webhook.errors import UnreadableError, reason_of
from webhook.manifests.globs import exclusion, fixed_part, full_match, has_magic

STDIN = "-"
ENDINGS = (".yaml", ".yml", ".json")
_SKIPPED_DIRECTORIES = frozenset({"node_modules"})
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
}


def find_files(paths: Sequence[str], *, exclude: Sequence[str] = ()) -> Iterator[str | UnreadableError]:
    """The files to read, each once, in the order of `paths` and sorted within each; what cannot be read is told in its place.

    Args:
        paths: Files (whatever their ending), directories (all below that ends in one of `ENDINGS`), patterns, and `-`.
        exclude: Patterns of files and directories that are left out, as in .gitignore.
    """
    finder = _Finder(exclusion(exclude))
    for path in paths:
        yield from finder.find(path)


class _Finder:
    """Finds files and remembers which were found."""

    def __init__(self, excluded: re.Pattern[str] | None) -> None:
        self._excluded = excluded
        self._found: set[tuple[int, int]] = set()
        self._stdin = False

    def find(self, path: str) -> Iterator[str | UnreadableError]:
        """What one name of the user stands for."""
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

    def _file(self, path: str) -> Iterator[str | UnreadableError]:
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
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        yield UnreadableError(f"is {kind}, not a file; to check a stream, name - and redirect it to standard input", file=path)

    def _below(self, top: str) -> Iterator[str | UnreadableError]:
        for entry in self._walk(top, deepest=None):
            if isinstance(entry, UnreadableError):
                yield entry
            elif entry.endswith(ENDINGS):
                yield from self._file(entry)

    def _matching(self, pattern: str) -> Iterator[str | UnreadableError]:
        """Files that match, and what is below directories that do; a pattern that ends in `*` chooses among `ENDINGS`."""
        top, wanted = fixed_part(pattern) or ".", full_match(pattern)
        endings = ENDINGS if pattern.endswith("*") else ""
        nothing = True
        deepest = None if "**" in pattern else pattern.count("/", len(fixed_part(pattern)))
        for entry in self._walk(top, deepest=deepest) if os.path.isdir(top) else ():
            if isinstance(entry, UnreadableError):
                yield entry
            elif wanted.match(entry) and (entry.endswith(endings) or os.path.isdir(entry)):
                nothing = False
                yield from self.find(entry)
        if nothing:
            yield UnreadableError("nothing matches this pattern", file=pattern)

    def _walk(self, top: str, *, deepest: int | None) -> Iterator[str | UnreadableError]:
        """All that is below a directory, down to `deepest` directories, but directories only at that level; each directory once."""
        visited: set[tuple[int, int]] = set()
        waiting = [(0, top)]
        while waiting:
            depth, directory = waiting.pop()
            try:
                status = os.stat(directory)
                names = sorted(os.listdir(directory))
            except OSError as error:
                yield UnreadableError(reason_of(error), file=directory)
                continue
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            inner: list[tuple[int, str]] = []
            for name in names:
                path = name if directory == "." else os.path.join(directory, name)
                if depth == deepest or not os.path.isdir(path):
                    yield path
                elif self._enters(name, path):
                    inner.append((depth + 1, path))
            waiting += reversed(inner)

    def _enters(self, name: str, path: str) -> bool:
        return not name.startswith(".") and name not in _SKIPPED_DIRECTORIES and not self._is_excluded(path)

    def _is_excluded(self, path: str) -> bool:
        return self._excluded is not None and self._excluded.match(path.removeprefix("./")) is not None
