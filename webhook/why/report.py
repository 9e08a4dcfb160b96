"""A diagnosis as text on one screen, and as JSON."""

from collections.abc import Iterator

from webhook.kube.fieldpath import render
from webhook.kube.text import visible, without_command
from webhook.report.json_text import json_text
from webhook.report.wrapping import wrapped
from webhook.rules.base import Action
from webhook.why.diagnosis import Cause, Diagnosis
from webhook.why.situation import Situation

_INDENT = "  "


def text(diagnosis: Diagnosis, situation: Situation, *, width: int) -> str:
    """The obstacle that comes first with all that is known about it, then others in brief, warnings of the rules, and what was not read."""
    end = "?" if diagnosis.summary.endswith("?") else "."
    parts = [wrapped(visible(diagnosis.summary.rstrip("?.") + end), "", width)]
    if diagnosis.causes:
        parts.append("\n".join(_lines(diagnosis.causes[0], width)))
    others = [f"also: {cause.what}; {cause.remedy}" for cause in diagnosis.causes[1:]]
    others += [f"warn: {found.message} [{found.rule}]" for found in diagnosis.findings if found.severity is Action.WARN]
    others += [f"not read: {problem}" for problem in situation.unread]
    parts += ["\n".join(wrapped(visible(each), _INDENT, width) for each in others)] if others else []
    return "\n".join(map(without_command, "\n\n".join(parts).split("\n"))) + "\n"


def json(diagnosis: Diagnosis, situation: Situation) -> str:
    """Version 1: a field may be added, none changes its meaning."""
    causes = [
        {"what": cause.what, "remedy": cause.remedy, "ask": cause.ask, "since": cause.since, "evidence": cause.evidence}
        for cause in diagnosis.causes
    ]
    findings = [
        {"rule": found.rule, "severity": found.severity.value, "field": render(found.path), "message": found.message, "help": found.help}
        for found in diagnosis.findings
    ]
    return json_text(
        {
            "version": 1,
            "namespace": situation.namespace,
            "name": situation.name,
            "state": diagnosis.state.value,
            "summary": diagnosis.summary,
            "causes": causes,
            "findings": findings,
            "unread": list(situation.unread),
        }
    )


def _lines(cause: Cause, width: int) -> Iterator[str]:
    fields = (("do", cause.remedy), ("ask", cause.ask), ("since", cause.since), ("seen", cause.evidence))
    for label, value in fields:
        if value:
            yield wrapped(f"{_INDENT}{label + ':':7}{visible(value)}", " " * 9, width)
