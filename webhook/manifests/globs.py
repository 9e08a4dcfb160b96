"""Patterns for file names: `*`, `?`, `[a-z]` within one part of a path, `**` across parts. Knows nothing of the file system."""

import fnmatch
import re
from collections.abc import Iterable

_MAGIC = re.compile(r"[*?\[]")
_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)
_MEANING = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def has_magic(path: str) -> bool:
    """Whether a path is a pattern."""
    return _MAGIC.search(path) is not None


def fixed_part(pattern: str) -> str:
    """The directory in which all matches of a pattern lie, `""` for the current one: `a/b/` of `a/b/*/c*.yaml`."""
    magic = _MAGIC.search(pattern)
    return pattern[: pattern.rfind("/", 0, magic.start()) + 1] if magic is not None else pattern


def full_match(pattern: str) -> re.Pattern[str]:
    """An expression for the whole paths that a pattern stands for."""
    return re.compile(_expression(pattern) + r"\Z", re.DOTALL)


def exclusion(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """An expression for the paths that a list like .gitignore excludes, or `None` when it excludes nothing.

    A pattern names a file or a directory with all below it, at any depth; one that begins with `/` only where the path begins.
    """
    parts = [_excluding(pattern) for pattern in patterns if pattern.strip("/")]
    return re.compile("|".join(parts), re.DOTALL) if parts else None


def _excluding(pattern: str) -> str:
    where = "" if pattern.startswith("/") else "(?:.*/)?"
    return rf"/?{where}{_expression(pattern.strip('/'))}(?:/.*)?\Z"


def _expression(pattern: str) -> str:
    return "".join(_MEANING.get(token) or _character(token) for token in _TOKEN.findall(pattern))


def _character(token: str) -> str:
    """One character, or a class of characters, in which whatever a person writes has some meaning."""
    if len(token) == 1:
        return re.escape(token)
    return "(?!/)" + fnmatch.translate(token).removeprefix("(?s:").removesuffix(r")\Z")
