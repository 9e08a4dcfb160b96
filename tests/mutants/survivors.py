"""Which mutants are known to survive, each with the reason why that is right."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

SURVIVORS = Path(__file__).with_suffix(".toml")


def listed(path: Path = SURVIVORS) -> dict[str, dict[str, str]]:
    """The reasons by module and mutant."""
    return tomllib.loads(path.read_text())


def gone(module: str, reasons: Mapping[str, str], mutants: Iterable[str]) -> Iterator[str]:
    """A complaint about each reason whose mutant the module does not have."""
    names = set(mutants)
    for name in reasons:
        if name not in names:
            yield f"{module} has no mutant `{name}`: remove it from the list of survivors, the code has changed"
