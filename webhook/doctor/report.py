"""What the doctor found, for a tired admin and for a program: what is broken first, with what to do; what is well, briefly, last."""

import textwrap
from collections.abc import Sequence

import msgspec

from webhook.doctor.result import Result, Verdict
from webhook.report.escape import visible

_ORDER = (Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN)
_INDENT = "      "


def text(results: Sequence[Result], *, server: str, width: int) -> str:
    """Blocks for what is not well, lines for what is, and one line that counts."""
    blocks = [_block(result, width) for verdict in _ORDER for result in results if result.verdict is verdict]
    well = [result for result in results if result.verdict is Verdict.OK]
    if well:
        widest = max(len(result.check) for result in well)
        blocks.append(
            "\n".join(_wrapped(f"ok    {result.check:{widest}}  {visible(result.found)}", " " * (widest + 8), width) for result in well)
        )
    blocks.append(_summary(results, server))
    return "\n\n".join(blocks) + "\n"


def json(results: Sequence[Result], *, server: str) -> str:
    """Version 1: a field may be added, none changes its meaning."""
    counts = {verdict.value: sum(result.verdict is verdict for result in results) for verdict in Verdict}
    checks = [{"check": each.check, "verdict": each.verdict.value, "found": each.found, "remedy": each.remedy} for each in results]
    tree = {"version": 1, "server": server, "summary": counts, "checks": checks}
    return msgspec.json.format(msgspec.json.encode(tree), indent=2).decode() + "\n"


def _block(result: Result, width: int) -> str:
    label = {Verdict.FAIL: "FAIL", Verdict.WARN: "warn", Verdict.UNKNOWN: "?"}[result.verdict]
    lines = [f"{label:6}{result.check}", _wrapped(_INDENT + visible(result.found), _INDENT, width)]
    if result.remedy:
        lines.append(_wrapped(f"{_INDENT}do: {visible(result.remedy)}", f"{_INDENT}    ", width))
    return "\n".join(lines)


def _wrapped(line: str, indent: str, width: int) -> str:
    return "\n".join(textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False))


def _summary(results: Sequence[Result], server: str) -> str:
    counts = {verdict: sum(result.verdict is verdict for result in results) for verdict in Verdict}
    told = (
        f"{counts[Verdict.FAIL]} failed, {counts[Verdict.WARN]} warnings, {counts[Verdict.UNKNOWN]} not looked at, {counts[Verdict.OK]} ok"
    )
    return f"{told}; {visible(server)}"
