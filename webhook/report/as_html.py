"""The report as one HTML file that needs no network: numbers, filters, and each finding with its source line.

Everything from the input is escaped. The page's Content-Security-Policy allows nothing but its own style and script, by their hashes.
"""

import base64
import hashlib
import importlib.resources
from collections.abc import Iterable, Iterator
from html import escape

from webhook.kube.text import number_of, visible
from webhook.report.as_text import excerpt
from webhook.report.findings import Occurrence, Report, ReportOptions
from webhook.report.summary import rule_url, subject, summary_line
from webhook.rules.base import Action

_NO_NAMESPACE = "(none)"


def render(report: Report, _options: ReportOptions) -> str:
    """The whole page."""
    style, script = _asset("page.css"), _asset("page.js")
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>Bindguard report</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        "<h1>Bindguard report</h1>",
        f'<p class="summary">{_text(summary_line(report))}</p>',
        *_numbers(report),
        *_problems(report),
        *_form(report),
        "<main>",
        *(_article(occurrence) for occurrence in report.occurrences),
        "</main>",
        f"<script>{script}</script>",
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _asset(name: str) -> str:
    return importlib.resources.files("webhook.report").joinpath(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _text(text: str) -> str:
    return escape(visible(text))


def _numbers(report: Report) -> Iterator[str]:
    numbers = (
        ("deny", report.count(Action.DENY), "denied"),
        ("warn", report.count(Action.WARN), "warned"),
        ("", report.counts.checked, "objects checked"),
        ("", report.counts.files, "files read"),
        ("", len(report.unreadable), "unreadable"),
    )
    yield '<ul class="numbers">'
    yield from (f'<li class="{kind}"><b>{count:,}</b>{name}</li>' for kind, count, name in numbers)
    yield "</ul>"


def _problems(report: Report) -> Iterator[str]:
    """What could not be read or was not checked, and notes."""
    problems = [*map(str, report.unreadable), *map(str, report.gaps), *report.notes]
    if problems:
        yield f"<details open><summary>{number_of(len(problems), 'note')} about this run</summary>"
        yield '<ul class="other">'
        yield from (f"<li>{_text(problem)}</li>" for problem in problems)
        yield "</ul></details>"


def _form(report: Report) -> Iterator[str]:
    """The filters, which the script shows: without it they would do nothing."""
    if not report.occurrences:
        return
    found = report.occurrences
    yield "<form hidden>"
    yield from _choice("severity", "Severity", (occurrence.finding.severity.value for occurrence in found))
    yield from _choice("rule", "Rule", (occurrence.finding.rule for occurrence in found))
    yield from _choice("file", "File", (occurrence.file for occurrence in found))
    yield from _choice("namespace", "Namespace", (occurrence.object.namespace for occurrence in found))
    yield '<label>Search<input type="search" name="search" autocomplete="off"></label>'
    yield "<output></output>"
    yield "</form>"


def _choice(name: str, label: str, values: Iterable[str]) -> Iterator[str]:
    """A list to choose one value from; a value follows an `=`, since the empty one is a value too."""
    yield f'<label>{label}<select name="{name}"><option value="">all</option>'
    for value in sorted(set(map(visible, values))):
        yield f'<option value="={escape(value)}">{escape(value) or _NO_NAMESPACE}</option>'
    yield "</select></label>"


def _article(occurrence: Occurrence) -> str:
    finding = occurrence.finding
    severity, rule = finding.severity.value, _text(finding.rule)
    data = f'data-severity="{severity}" data-rule="{rule}" data-file="{_text(occurrence.file)}"'
    link = f'<a href="{escape(rule_url(finding.rule))}" rel="noreferrer">{rule}</a>'
    lines = [
        f'<article {data} data-namespace="{_text(occurrence.object.namespace)}">',
        f'<h2><span class="severity">{severity}</span>{_text(finding.message)} {link}</h2>',
        f'<p class="place">{_text(f"{occurrence.file}:{occurrence.line}:{occurrence.column}")}</p>',
        f'<p class="object">{_text(subject(occurrence))}</p>',
        *_source(occurrence),
    ]
    if finding.help:
        lines.append(f'<p class="help"><b>help:</b> {_text(finding.help)}</p>')
    return "\n".join([*lines, "</article>"])


def _source(occurrence: Occurrence) -> Iterator[str]:
    shown = excerpt(occurrence.source_line, occurrence.column - occurrence.cut, occurrence.length, cut=occurrence.cut > 0)
    if shown is not None:
        code = f"{escape(shown.before)}<mark>{escape(shown.marked)}</mark>{escape(shown.after)}"
        yield f'<pre><span class="number">{occurrence.line}</span>{code}</pre>'
