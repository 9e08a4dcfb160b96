"""Where the configuration file of `check` is: looked for as people expect of a linter."""

import os
from pathlib import Path

from webhook.errors import UsageError, reason_of
from webhook.files import read_file
from webhook.loading.config_file import MAX_BYTES

NAMES = ("bindguard.yaml", "bindguard.yml", ".bindguard.yaml")


def find_config(start: Path) -> Path | None:
    """The nearest configuration file in `start` or above it, up to the root of the git repository; `None` when there is none.

    In one directory `bindguard.yaml` goes before `[tool.bindguard]` in pyproject.toml. `UsageError` for one that is a symbolic link: it may
    lead out of the repository, and messages quote a configuration.
    """
    for directory in (start, *start.parents):
        for name in NAMES:
            if os.path.lexists(directory / name):
                return _no_link(directory / name)
        if _has_table(directory / "pyproject.toml"):
            return _no_link(directory / "pyproject.toml")
        if (directory / ".git").exists():
            return None
    return None


def _has_table(pyproject: Path) -> bool:
    try:
        return b"[tool.bindguard" in read_file(pyproject, max_bytes=MAX_BYTES)
    except (FileNotFoundError, PermissionError):
        return False
    except OSError as error:
        raise UsageError(f"{pyproject}: it may hold the configuration, and cannot be read: {reason_of(error)}") from error


def _no_link(path: Path) -> Path:
    if path.is_symlink():
        raise UsageError(f"{path}: this configuration was found, and is a symbolic link; name the file itself with --config")
    return path
