"""Namespaces left out, as names and globs; the same meaning as `exclude.namespaces` of `check`."""

import fnmatch
import functools
import re
from collections.abc import Iterable

_MAX_REMEMBERED = 1024
_NONE = "(?!)"  # matches nothing


class Namespaces:
    """Patterns, which contain every namespace that one of them matches: `"sandbox-1" in Namespaces(["sandbox-*"])`.

    It is asked for each review, so the last answers are remembered.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        matches = re.compile("|".join(map(fnmatch.translate, sorted(set(patterns)))) or _NONE).match
        self._matches = functools.lru_cache(_MAX_REMEMBERED)(lambda namespace: matches(namespace) is not None)

    def __contains__(self, namespace: object) -> bool:
        return isinstance(namespace, str) and bool(namespace) and self._matches(namespace)
