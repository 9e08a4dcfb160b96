"""The report as SARIF 2.1.0 (OASIS Standard, errata 01), as code scanning services and editors read it.

Messages are not escaped, although the standard has escapes for braces and brackets: GitHub and Visual Studio Code show escapes literally.
"""

from collections.abc import Mapping
from urllib.parse import quote

from webhook import __version__
from webhook.errors import UnreadableError
from webhook.kube.fieldpath import render as render_path
from webhook.report.findings import Occurrence, Report, ReportOptions, RuleInfo
from webhook.report.fingerprint import numbered_fingerprints, repository_path
from webhook.report.json_text import json_text
from webhook.report.structure import summary
from webhook.report.summary import rule_url, sentence, subject
from webhook.rules.base import Action

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVEL = {Action.DENY: "error", Action.WARN: "warning", Action.OFF: "none"}


def render(report: Report, options: ReportOptions) -> str:
    """One log with one run; lines and columns are 1-based, columns count characters."""
    index = {rule.name: position for position, rule in enumerate(options.rules)}
    driver = {
        "name": "bindguard",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in options.rules],
    }
    fingerprints = numbered_fingerprints(report.occurrences, with_file=False)
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(*each, index) for each in zip(report.occurrences, fingerprints, strict=True)],
        "properties": {"registry": report.registry, "kubeVirtVersion": report.version, "summary": summary(report)},
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: RuleInfo) -> dict[str, object]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": _first_sections(rule)},
        "help": {"text": rule.help},
        "helpUri": rule_url(rule.name),
        "defaultConfiguration": {"enabled": rule.action is not Action.OFF, "level": _LEVEL[rule.action]},
    }


def _first_sections(rule: RuleInfo) -> str:
    """Summary, What and Why without their headings, each on one line: since services cut the full description at about 1,000 characters."""
    sections = [section.split("\n", 1)[1:] for section in rule.help.strip().split("\n\n")[1:3]]
    return "\n".join([rule.summary, *(" ".join(body.split()) for section in sections for body in section)])


def _result(occurrence: Occurrence, fingerprint: str, index: Mapping[str, int]) -> dict[str, object]:
    finding = occurrence.finding
    result: dict[str, object] = {"ruleId": finding.rule}
    if finding.rule in index:
        result["ruleIndex"] = index[finding.rule]
    return result | {
        "level": _LEVEL[finding.severity],
        "message": {"text": sentence(finding)},
        "locations": [_location(occurrence)],
        "partialFingerprints": {"bindguardFinding/v2": fingerprint},
    }


def _location(occurrence: Occurrence) -> dict[str, object]:
    start = occurrence.column - 1 - occurrence.cut
    line = occurrence.source_line
    region: dict[str, object] = {
        "startLine": occurrence.line,
        "startColumn": occurrence.column,
        "endColumn": occurrence.column + occurrence.length,
    }
    physical: dict[str, object] = {"artifactLocation": {"uri": _uri(occurrence.file)}, "region": region}
    if start < len(line):
        region["snippet"] = {"text": line[start : start + occurrence.length]}
        columns = {"startColumn": occurrence.cut + 1, "endColumn": occurrence.cut + 1 + len(line)}
        physical["contextRegion"] = {"startLine": occurrence.line, **columns, "snippet": {"text": line}}
    return {"physicalLocation": physical, "logicalLocations": _logical(occurrence)}


def _logical(occurrence: Occurrence) -> list[dict[str, object]]:
    path = occurrence.finding.path
    about = occurrence.object
    locations: list[dict[str, object]] = [{"kind": "resource", "name": about.name, "fullyQualifiedName": str(about)}]
    if path:
        locations.append({"kind": "property", "name": render_path(path[-1:]), "fullyQualifiedName": subject(occurrence)})
    return locations


def _invocation(report: Report) -> dict[str, object]:
    notifications = [_unreadable(error) for error in report.unreadable]
    notifications += [{"level": "error" if gap.fails else "warning", "message": {"text": str(gap)}} for gap in report.gaps]
    notifications += [{"level": "note", "message": {"text": note}} for note in report.notes]
    return {"executionSuccessful": not report.unreadable and not report.failing_gaps, "toolExecutionNotifications": notifications}


def _unreadable(error: UnreadableError) -> dict[str, object]:
    notification: dict[str, object] = {"level": "error", "message": {"text": error.message}}
    if error.file is None:
        return notification
    physical: dict[str, object] = {"artifactLocation": {"uri": _uri(error.file)}}
    if error.line is not None:
        column = {"startColumn": error.column} if error.column is not None else {}
        physical["region"] = {"startLine": error.line, **column}
    return notification | {"locations": [{"physicalLocation": physical}]}


def _uri(file: str) -> str:
    """The file as a URI reference: relative as named, so that it is found from the repository's root; `<stdin>` becomes `%3Cstdin%3E`."""
    path = quote(repository_path(file), errors="backslashreplace")
    return f"file://{path}" if path.startswith("/") else path
