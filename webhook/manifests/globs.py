"""Patterns for file names: `*`, `?`, `[a-z]` within one part of a path, `**` for any number of parts.

Patterns come from repositories that may be hostile, so matching must not backtrack without limit. All wildcards but the last take the
shortest match and keep it (atomic groups). This still finds every match, and tries nothing twice.
"""

import fnmatch
import re
from collections.abc import Iterable, Sequence

_MAGIC = re.compile(r"[*?\[]")
_TOKEN = re.compile(r"\*+|\?|\[!?\]?[^\]]{0,200}\]|.", re.DOTALL)
_ANY_PARTS = "**"


def has_magic(path: str) -> bool:
    """Whether a path is a pattern."""
    return _MAGIC.search(path) is not None


def fixed_part(pattern: str) -> str:
    """The directory that contains all matches of a pattern, such as `a/b/` for `a/b/*/c*.yaml`; `""` for the current directory."""
    magic = _MAGIC.search(pattern)
    return pattern[: pattern.rfind("/", 0, magic.start()) + 1] if magic is not None else pattern


def full_match(pattern: str) -> re.Pattern[str]:
    """A regular expression for the paths that a pattern matches."""
    return re.compile(_expression(pattern.split("/")) + r"\Z", re.DOTALL)


def exclusion(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """A regular expression for the paths that a list like .gitignore excludes, or `None` if it excludes nothing.

    A pattern excludes files and whole directories, at any depth; if it begins with `/`, only at the start of the path.
    """
    parts = [_excluding(pattern) for pattern in patterns if pattern.strip("/")]
    return re.compile("|".join(parts), re.DOTALL) if parts else None


def _excluding(pattern: str) -> str:
    parts = pattern.strip("/").split("/")
    return rf"/?{_expression(parts if pattern.startswith('/') else [_ANY_PARTS, *parts])}(?:/.*)?\Z"


def _expression(parts: Sequence[str]) -> str:
    """The expression for a pattern. `**` divides its parts into runs, with any number of other parts between two runs."""
    first, *runs = _runs(parts)
    if not runs:
        return _run(first)
    *middle, last = runs
    skipped = "".join(f"(?>(?:[^/]*/)*?{_run(run)}/)" for run in middle if run)
    return (f"{_run(first)}/" if first else "") + skipped + (f"(?:[^/]*/)*{_run(last)}" if last else ".*")


def _runs(parts: Iterable[str]) -> list[list[str]]:
    runs: list[list[str]] = [[]]
    for part in parts:
        if part == _ANY_PARTS:
            runs.append([])
        else:
            runs[-1].append(part)
    return runs


def _run(parts: Iterable[str]) -> str:
    return "/".join(map(_part, parts))


def _part(part: str) -> str:
    pieces = [""]
    for token in _TOKEN.findall(part):
        if token.startswith("*"):
            pieces.append("")
        else:
            pieces[-1] += _character(token)
    if len(pieces) == 1:
        return pieces[0]
    first, *middle, last = pieces
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle) + "[^/]*" + last


def _character(token: str) -> str:
    """One character, or a class of characters. Any text is a valid class, as in fnmatch."""
    if token == "?":  # noqa: S105 - no secret
        return "[^/]"
    if len(token) == 1:
        return re.escape(token)
    wrapped = fnmatch.translate(token)  # `(?s:...)\Z`, from Python 3.14 on `(?s:...)\z`
    return "(?!/)" + wrapped.removeprefix("(?s:").rpartition(")")[0]
