"""Readiness: named checks, all asked, each within its time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import msgspec

CHECK_SECONDS = 2.0

Check: TypeAlias = Callable[[], Awaitable[str | None]]
"""Asks whether one thing is as it should be: `None` when it is, else why not."""


class CheckResult(msgspec.Struct, frozen=True):
    """What one check said.

    Attributes:
        ready: Whether all is well.
        reason: Why not; empty when all is well.
    """

    ready: bool
    reason: str = ""


class Readiness(msgspec.Struct, frozen=True):
    """What all checks said; ready when all are."""

    ready: bool
    checks: Mapping[str, CheckResult]


async def ask(checks: Mapping[str, Check], *, seconds: float = CHECK_SECONDS) -> Readiness:
    """Ask all checks at once; one that takes longer than `seconds`, or fails, is not ready, and says so."""
    results = await asyncio.gather(*(_ask_one(check, seconds) for check in checks.values()))
    return Readiness(all(result.ready for result in results), dict(zip(checks, results, strict=True)))


async def _ask_one(check: Check, seconds: float) -> CheckResult:
    waiting = asyncio.timeout(seconds)
    try:
        async with waiting:
            reason = await check()
    except Exception as error:  # noqa: BLE001 - whatever a check raises means that it is not ready
        reason = f"no answer within {seconds:.3g} s" if waiting.expired() else f"{type(error).__name__}: {error}"
    return CheckResult(reason is None, reason or "")
