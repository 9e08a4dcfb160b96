"""What one check came to, and the run's exit code."""

import enum
from collections.abc import Iterable, Iterator

import msgspec

from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE


class Outcome(enum.StrEnum):
    """How bad it is; the order is that of the report."""

    FAIL = "fail"
    WARN = "warn"
    UNKNOWN = "unknown"
    OK = "ok"


class Result(msgspec.Struct, frozen=True):
    """One thing that was looked at.

    Attributes:
        check: Name of the check.
        verdict: How bad it is.
        found: What was found, in one sentence without a full stop.
        remedy: What to do about it; empty when nothing need be done.
    """

    check: str
    verdict: Outcome
    found: str
    remedy: str = ""


def ok(check: str, found: str) -> Result:
    """All is well."""
    return Result(check, Outcome.OK, found)


def warn(check: str, found: str, remedy: str) -> Result:
    """It works, but not as it should, or not for long."""
    return Result(check, Outcome.WARN, found, remedy)


def fail(check: str, found: str, remedy: str) -> Result:
    """It does not work."""
    return Result(check, Outcome.FAIL, found, remedy)


def unknown(check: str, found: str, remedy: str = "") -> Result:
    """It could not be looked at."""
    return Result(check, Outcome.UNKNOWN, found, remedy)


def together(found: Iterable[tuple[str, Result]]) -> Iterator[Result]:
    """Results about single pods, webhooks and the like, with their names; what is the same of several is told once."""
    alike: dict[Result, list[str]] = {}
    for name, result in found:
        alike.setdefault(result, []).append(name)
    for result, names in alike.items():
        yield msgspec.structs.replace(result, found=f"{', '.join(names)}: {result.found}")


def exit_code(results: Iterable[Result], *, fail_on: Outcome) -> int:
    """0 well, 1 a fail (or a warning, when `fail_on` is `WARN`), 3 when nothing at all could be looked at."""
    verdicts = {result.verdict for result in results}
    if Outcome.FAIL in verdicts or (Outcome.WARN in verdicts and fail_on is Outcome.WARN):
        return EXIT_FINDINGS
    return EXIT_UNREADABLE if verdicts <= {Outcome.UNKNOWN} else EXIT_CLEAN
