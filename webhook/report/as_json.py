"""The report as JSON."""

from webhook.report.findings import Options, Report
from webhook.report.json_text import json_text
from webhook.report.structure import structure


def render(report: Report, _options: Options) -> str:
    """Indented, in ASCII, keys in the documented order."""
    return json_text(structure(report))
