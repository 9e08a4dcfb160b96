"""The report as JUnit XML, as Jenkins, GitLab and the GitHub test reporters read it: one suite per file, one test case per finding.

A finding that fails the run is a failure. A finding below the threshold is a passed test case with the text in `system-out`, because CI
servers fail builds on failures. Unreadable input is an error. A passed test case `bindguard run` has the summary and the notes.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence

from webhook.errors import UnreadableError
from webhook.kube.text import visible
from webhook.report.as_text import block
from webhook.report.findings import Occurrence, Report, ReportOptions
from webhook.report.fingerprint import ordinals
from webhook.report.summary import subject, summary_line
from webhook.rules.base import Action

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'  # ASCII is UTF-8, and this is what readers expect


def render(report: Report, options: ReportOptions) -> str:
    """XML 1.0 in ASCII. Characters that XML does not allow, and escape sequences, are spelled out (`visible`)."""
    suites: dict[str, list[ET.Element]] = {}
    for occurrence, name in zip(report.occurrences, _names(report.occurrences), strict=True):
        suites.setdefault(occurrence.file, []).append(_finding(occurrence, name, options.fail_on))
    for error in report.unreadable:
        suites.setdefault(error.file or "input", []).append(_error(error))
    run = _run(report)
    root = ET.Element("testsuites", {"name": "bindguard", **_totals([run, *(case for cases in suites.values() for case in cases)])})
    root.append(_suite([run], name="bindguard"))
    root.extend(_suite(cases, name=visible(file), file=visible(file)) for file, cases in suites.items())
    ET.indent(root)
    ascii_only: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=False)
    return f"{_DECLARATION}\n{ascii_only.decode('ascii')}\n"


def _suite(cases: list[ET.Element], **named: str) -> ET.Element:
    suite = ET.Element("testsuite", {**named, **_totals(cases)})
    suite.extend(cases)
    return suite


def _totals(cases: list[ET.Element]) -> dict[str, str]:
    failures = sum(case.find("failure") is not None for case in cases)
    errors = sum(case.find("error") is not None for case in cases)
    return {"tests": str(len(cases)), "failures": str(failures), "errors": str(errors), "skipped": "0", "time": "0"}


def _run(report: Report) -> ET.Element:
    case = _case("bindguard", "bindguard run")
    if report.failing_gaps:
        told = [visible(str(gap)) for gap in report.failing_gaps]
        ET.SubElement(case, "error", type="incomplete", message=told[0]).text = "\n".join(told)
    ET.SubElement(case, "system-out").text = "\n".join([summary_line(report), *(f"note: {visible(note)}" for note in report.notes)])
    return case


def _finding(occurrence: Occurrence, name: str, fail_on: Action) -> ET.Element:
    finding = occurrence.finding
    case = _case(finding.rule, name, file=visible(occurrence.file), line=str(occurrence.line))
    told = block(occurrence, colour=False)
    if finding.severity is Action.WARN and fail_on is not Action.WARN:
        ET.SubElement(case, "system-out").text = told
        return case
    ET.SubElement(case, "failure", type=finding.severity.value, message=visible(finding.message)).text = told
    return case


def _error(error: UnreadableError) -> ET.Element:
    case = _case("unreadable", "can be read", file=visible(error.file or "input"), line=str(error.line or 1))
    ET.SubElement(case, "error", type="unreadable", message=visible(error.message)).text = visible(str(error))
    return case


def _case(rule: str, name: str, **place: str) -> ET.Element:
    return ET.Element("testcase", {"classname": rule, "name": name, "time": "0", **place})


def _names(occurrences: Sequence[Occurrence]) -> Iterator[str]:
    """Object and field. Repeated names are numbered, since GitLab keeps only one test case of each."""
    plain = [visible(subject(occurrence)) for occurrence in occurrences]
    keys = [f"{o.file}:{o.finding.rule}:{name}" for o, name in zip(occurrences, plain, strict=True)]
    for name, number in zip(plain, ordinals(keys), strict=True):
        yield name if number == 1 else f"{name} ({number})"
