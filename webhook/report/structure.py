"""The report as plain data, for json and yaml. Version 1: fields may be added, and no field changes its meaning."""

from webhook.errors import UnreadableError
from webhook.kube.fieldpath import render as render_path
from webhook.report.escape import well_formed
from webhook.report.findings import Occurrence, Report
from webhook.rules.base import Action


def structure(report: Report) -> object:
    """Objects, lists, strings, numbers and nulls. All strings are valid in UTF-8."""
    return well_formed(
        {
            "version": 1,
            "registry": report.registry,
            "kubeVirtVersion": report.version,
            "findings": [_finding(occurrence) for occurrence in report.occurrences],
            "unreadable": [_unreadable(error) for error in report.unreadable],
            "incomplete": [{"what": gap.what, "remedy": gap.remedy, "fails": gap.fails} for gap in report.gaps],
            "notes": list(report.notes),
            "summary": summary(report),
        }
    )


def summary(report: Report) -> dict[str, int]:
    """The numbers of the run."""
    counts = report.counts
    return {
        "findings": len(report.occurrences),
        "deny": report.count(Action.DENY),
        "warn": report.count(Action.WARN),
        "unreadable": len(report.unreadable),
        "files": counts.files,
        "documents": counts.documents,
        "checked": counts.checked,
        "passedOver": counts.passed_over,
        "excluded": counts.excluded,
        "baselined": counts.baselined,
    }


def _finding(occurrence: Occurrence) -> dict[str, object]:
    finding = occurrence.finding
    about = occurrence.object
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "file": occurrence.file,
        "line": occurrence.line,
        "column": occurrence.column,
        "object": {"kind": about.kind, "namespace": about.namespace, "name": about.name},
        "field": render_path(finding.path),
        "message": finding.message,
        "accepted": finding.help,
    }


def _unreadable(error: UnreadableError) -> dict[str, object]:
    return {"file": error.file, "line": error.line, "column": error.column, "message": error.message}
