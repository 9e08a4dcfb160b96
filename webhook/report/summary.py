"""The summary line of a run, and texts for several formats."""

from webhook.kube.fieldpath import render as render_path
from webhook.kube.text import number_of, visible
from webhook.report.findings import Counts, Occurrence, Report
from webhook.rules.base import Action, Finding


def rule_url(rule: str) -> str:
    """The address of a rule in docs/rules.md."""
    return f"https://github.com/bindguard/bindguard/blob/main/docs/rules.md#{rule}"


def summary_line(report: Report) -> str:
    """The results, what was checked, the registry and the KubeVirt version; printable, without a line end."""
    verdict = _verdict(report)
    colon = ": " if verdict == _CLEAN else "; "
    by = f"registry: {visible(report.registry)}, {_kubevirt(report.version)}"
    return f"{_incomplete(report)}{verdict}{colon}{_looked_at(report.counts)}; {by}"


def subject(occurrence: Occurrence) -> str:
    """Object and field of the finding: `VirtualMachine shop/web-01, spec.networks[0]`; not escaped."""
    field = render_path(occurrence.finding.path)
    return f"{occurrence.object}, {field}" if field else str(occurrence.object)


def sentence(finding: Finding) -> str:
    """Message and help as two lines, for formats with one text; not escaped."""
    return f"{finding.message}\nhelp: {finding.help}" if finding.help else finding.message


_CLEAN = "clean"
_NONE_FOUND = "no findings"


def _incomplete(report: Report) -> str:
    """What was not checked. It comes first, since it limits what the results mean."""
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
    """Whether the objects were read from a cluster, where no files are counted."""
    return counts.documents > 0 and counts.files == 0


def _kubevirt(version: str) -> str:
    return f"KubeVirt {version}" if version[:1].isdigit() else f"KubeVirt version {visible(version)}"
