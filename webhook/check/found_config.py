"""Where the configuration file of `check` is: looked for as people expect of a linter. Does not read what it says."""

from pathlib import Path

NAMES = ("bindguard.yaml", "bindguard.yml", ".bindguard.yaml")


def find_config(start: Path) -> Path | None:
    """The nearest configuration file in `start` or above it, up to the root of the git repository; `None` when there is none.

    In one directory `bindguard.yaml` goes before `[tool.bindguard]` in pyproject.toml.
    """
    for directory in (start, *start.parents):
        for name in NAMES:
            if (directory / name).is_file():
                return directory / name
        if _has_table(directory / "pyproject.toml"):
            return directory / "pyproject.toml"
        if (directory / ".git").exists():
            return None
    return None


def _has_table(pyproject: Path) -> bool:
    try:
        return b"[tool.bindguard" in pyproject.read_bytes()
    except OSError:
        return False
