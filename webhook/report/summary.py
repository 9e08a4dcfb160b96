"""A run in one line, and the sentences that several formats share."""

from webhook.kube.fieldpath import render as render_path
from webhook.kube.text import number_of, visible
from webhook.report.findings import Counts, Occurrence, Report
from webhook.rules.base import Action, Finding


def rule_url(rule: str) -> str:
    """Where the page of all rules tells about one."""
    return f"https://github.com/bindguard/bindguard/blob/main/docs/rules.md#{rule}"


def summary_line(report: Report) -> str:
    """How the run went, what it looked at, and against which registry and version; printable, without a line end."""
    verdict = _verdict(report)
    colon = ": " if verdict == _CLEAN else "; "
    by = f"registry: {visible(report.registry)}, {_kubevirt(report.version)}"
    return f"{_incomplete(report)}{verdict}{colon}{_looked_at(report.counts)}; {by}"


def subject(occurrence: Occurrence) -> str:
    """What the finding is about, object and field: `VirtualMachine shop/web-01, spec.networks[0]`; as written, not escaped."""
    field = render_path(occurrence.finding.path)
    return f"{occurrence.object}, {field}" if field else str(occurrence.object)


def sentence(finding: Finding) -> str:
    """Message and remedy in two lines of one text, for formats that show a single one; as written, not escaped."""
    return f"{finding.message}\nhelp: {finding.help}" if finding.help else finding.message


_CLEAN = "clean"
_NONE_FOUND = "no findings"


def _incomplete(report: Report) -> str:
    """What was not checked, first of all: whoever reads on knows that no findings mean little."""
    gaps = [gap.what for gap in report.gaps]
    return f"incomplete ({'; '.join(gaps)}): " if gaps else ""


def _verdict(report: Report) -> str:
    unreadable = f"{number_of(len(report.unreadable), 'input')} unreadable" if report.unreadable else ""
    if report.occurrences:
        severities = f"{report.count(Action.DENY)} deny, {report.count(Action.WARN)} warn"
        noun = "object" if _is_of_a_cluster(report.counts) else "file"
        files = number_of(len({occurrence.file for occurrence in report.occurrences}), noun)
        findings = f"{number_of(len(report.occurrences), 'finding')} ({severities}) in {files}"
        return f"{findings}, {unreadable}" if unreadable else findings
    if unreadable:
        return f"{_NONE_FOUND}, but {unreadable}"
    return _NONE_FOUND if report.gaps else _CLEAN


def _looked_at(counts: Counts) -> str:
    where = "the cluster" if _is_of_a_cluster(counts) else number_of(counts.files, "file")
    told = f"{number_of(counts.checked, 'object')} checked in {where}, {counts.passed_over} skipped"
    if counts.excluded:
        told += f", {counts.excluded} excluded"
    if counts.baselined:
        told += f", {number_of(counts.baselined, 'finding')} left to the baseline"
    return told


def _is_of_a_cluster(counts: Counts) -> bool:
    """There objects are no files, though each is called like one."""
    return counts.documents > 0 and counts.files == 0


def _kubevirt(version: str) -> str:
    return f"KubeVirt {version}" if version[:1].isdigit() else f"KubeVirt version {visible(version)}"
