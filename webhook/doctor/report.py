"""The report, as text for people and as JSON for programs. Failures come first, with what to do; what is well comes last."""

from collections.abc import Iterable, Sequence

from webhook.doctor.result import Outcome, Result
from webhook.kube.text import number_of, visible, without_command
from webhook.report.json_text import json_text
from webhook.report.wrapping import wrapped

_LABELS = {Outcome.FAIL: "FAIL", Outcome.WARN: "warn", Outcome.UNKNOWN: "?", Outcome.OK: "ok"}
_INDENT = "      "


def text(results: Sequence[Result], *, server: str, width: int) -> str:
    """A block for each failure and warning, a line for each other result, and a summary."""
    parts = [_block(result, width) for verdict in (Outcome.FAIL, Outcome.WARN) for result in _those(results, verdict)]
    brief = (Outcome.UNKNOWN, Outcome.OK)
    widest = max((len(result.check) for result in results if result.verdict in brief), default=0)
    for verdict in brief:
        lines = [_line(result, widest, width) for result in _those(results, verdict)]
        parts += ["\n".join(lines)] if lines else []
    parts.append(wrapped(_summary(results, server), "", width))
    return "\n".join(map(without_command, "\n\n".join(parts).split("\n"))) + "\n"  # a line may begin where it was wrapped


def json(results: Sequence[Result], *, server: str) -> str:
    """Version 1: later versions may add fields, and change none."""
    counts = {verdict.value: len(_those(results, verdict)) for verdict in Outcome}
    checks = [{"check": each.check, "verdict": each.verdict.value, "found": each.found, "remedy": each.remedy} for each in results]
    tree = {"version": 1, "server": server, "summary": counts, "checks": checks}
    return json_text(tree)


def _those(results: Iterable[Result], verdict: Outcome) -> list[Result]:
    return [result for result in results if result.verdict is verdict]


def _block(result: Result, width: int) -> str:
    lines = [f"{_LABELS[result.verdict]:6}{result.check}", wrapped(_INDENT + visible(result.found), _INDENT, width)]
    if result.remedy:
        lines.append(wrapped(f"{_INDENT}do: {visible(result.remedy)}", f"{_INDENT}    ", width))
    return "\n".join(lines)


def _line(result: Result, widest: int, width: int) -> str:
    told = f"{result.found}; {result.remedy}" if result.remedy else result.found
    return wrapped(f"{_LABELS[result.verdict]:6}{result.check:{widest}}  {visible(told)}", " " * (widest + 8), width)


def _summary(results: Sequence[Result], server: str) -> str:
    failed, warned, unseen, well = (len(_those(results, verdict)) for verdict in Outcome)
    begin = " (begin with the first: it may be the cause of others)" if failed > 1 else ""
    return f"{failed} failed{begin}, {number_of(warned, 'warning')}, {unseen} not checked, {well} ok; {visible(server)}"
