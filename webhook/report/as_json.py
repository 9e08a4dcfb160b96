"""The report as JSON."""

from webhook.report.findings import Report, ReportOptions
from webhook.report.json_text import json_text
from webhook.report.structure import structure


def render(report: Report, _options: ReportOptions) -> str:
    """Indented, in ASCII, keys in the documented order."""
    return json_text(structure(report))
