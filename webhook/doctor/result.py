"""The results of checks, and the exit code of a run."""

import enum
from collections.abc import Iterable, Iterator

import msgspec

from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE


class Outcome(enum.StrEnum):
    """The verdict of a check, in the order of the report."""

    FAIL = "fail"
    WARN = "warn"
    UNKNOWN = "unknown"
    OK = "ok"


class Result(msgspec.Struct, frozen=True):
    """One result of a check.

    Attributes:
        check: Name of the check.
        verdict: The verdict.
        found: What was found, as one sentence without a full stop.
        remedy: What to do; empty if there is nothing to do.
    """

    check: str
    verdict: Outcome
    found: str
    remedy: str = ""


def ok(check: str, found: str) -> Result:
    """Nothing is wrong."""
    return Result(check, Outcome.OK, found)


def warn(check: str, found: str, remedy: str) -> Result:
    """It works, but not as it should, or not for much longer."""
    return Result(check, Outcome.WARN, found, remedy)


def fail(check: str, found: str, remedy: str) -> Result:
    """It does not work."""
    return Result(check, Outcome.FAIL, found, remedy)


def unknown(check: str, found: str, remedy: str = "") -> Result:
    """It could not be checked."""
    return Result(check, Outcome.UNKNOWN, found, remedy)


def grouped(found: Iterable[tuple[str, Result]]) -> Iterator[Result]:
    """Results about named things, such as pods, with the names in front; equal results become one, with all names."""
    names_of: dict[Result, list[str]] = {}
    for name, result in found:
        names_of.setdefault(result, []).append(name)
    for result, names in names_of.items():
        yield msgspec.structs.replace(result, found=f"{', '.join(names)}: {result.found}")


def exit_code(results: Iterable[Result], *, fail_on: Outcome) -> int:
    """1 if a check failed (or warned, if `fail_on` is `WARN`), 3 if nothing at all could be checked, otherwise 0."""
    verdicts = {result.verdict for result in results}
    if Outcome.FAIL in verdicts or (Outcome.WARN in verdicts and fail_on is Outcome.WARN):
        return EXIT_FINDINGS
    return EXIT_UNREADABLE if verdicts <= {Outcome.UNKNOWN} else EXIT_CLEAN
