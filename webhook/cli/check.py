"""`bindguard check`: checks files or a cluster, prints a report, and sets the exit code."""

import signal
import sys
from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec

from webhook.check.run import run
from webhook.check.settings import Settings
from webhook.check.settings_layers import NEXT_RELEASE, Flags, settings_from
from webhook.cli.file_names import not_empty
from webhook.cli.output import to_file, to_stdout, wants_colour
from webhook.cli.progress import ProgressLine
from webhook.errors import EXIT_CLEAN
from webhook.kube.text import number_of, visible
from webhook.kube.version import parse_version
from webhook.report.findings import Report, RuleInfo
from webhook.report.formats import FORMATS, render
from webhook.rules import RULES
from webhook.rules.base import Rule, docstring

_MAX_JOBS = 256


class _Flags(TypedDict):
    """The fields of `Flags`."""

    paths: tuple[str, ...]
    registry: str | None
    kubevirt_version: str | None
    ahead: str | None
    config: str | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    exclude: tuple[str, ...]
    fail_on: str | None
    require_registry: bool
    fail_on_nothing: bool
    baseline: str | None
    kustomize: bool
    jobs: int | None
    cluster: bool
    kubeconfig: str | None
    context: str | None
    from_cluster: bool
    namespaces: tuple[str, ...]


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH]...", callback=not_empty)
@click.option(
    "--registry",
    metavar="FILE",
    help="KubeVirt CR, HyperConverged CR or registry file to check against.  [default: the one among the PATHs]",
)
@click.option("--kubevirt-version", metavar="VERSION", help="KubeVirt release to check against, such as 1.9.")
@click.option(
    "--ahead",
    is_flag=False,
    flag_value=NEXT_RELEASE,
    metavar="[VERSION]",
    help="List additional findings of a later KubeVirt release in a note.  [without a value: the next one]",
)
@click.option(
    "--config",
    metavar="FILE",
    help="Configuration file.  [default: bindguard.yaml, or [tool.bindguard] in pyproject.toml]",
)
@click.option("--select", multiple=True, metavar="RULE", help="Run only these rules, groups or globs; repeatable, or comma-separated.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Do not run these rules, groups or globs; repeatable, or comma-separated.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Do not check these files; repeatable.")
@click.option("--fail-on", type=click.Choice(["deny", "warn"]), help="Lowest severity with exit code 1.  [default: deny]")
@click.option("--require-registry", is_flag=True, help="Exit 3 if no registry was found.")
@click.option("--fail-on-nothing", is_flag=True, help="Exit 3 if no object was checked.")
@click.option("--kustomize", is_flag=True, help="Check what kustomizations render to, with kustomize or kubectl, in place of their files.")
@click.option("--baseline", metavar="FILE", help="Do not report the findings in this file.")
@click.option("--write-baseline", metavar="FILE", help="Write all findings to a baseline file, and exit 0.")
@click.option("-o", "--output", type=click.Choice(FORMATS), default="text", show_default=True, help="Format of the report.")
@click.option("--output-file", metavar="FILE", help="Write the report to this file instead of standard output.")
@click.option("-j", "--jobs", type=click.IntRange(1, _MAX_JOBS), help="Worker processes.  [default: one per processor]")
@click.option("--context", metavar="CONTEXT", help="Use the registry of the cluster of this kubeconfig context.")
@click.option("--kubeconfig", metavar="FILE", help="Use the registry of the cluster of this kubeconfig.  [default: as kubectl]")
@click.option("--cluster", is_flag=True, help="Use the registry of the cluster of the current context, or of the pod.")
@click.option("--from-cluster", is_flag=True, help="Check the objects in the cluster instead of files.")
@click.option(
    "-n", "--namespace", "namespaces", multiple=True, metavar="NAME", help="With --from-cluster: only this namespace; repeatable."
)
def command(*, output: str, output_file: str | None, write_baseline: str | None, **flags: Unpack[_Flags]) -> None:
    """Check manifests, or with --from-cluster the objects in a cluster, with the rules of the admission webhook.

    PATHs are files, directories, globs, or - for standard input.  [default: the current directory]

    It needs no cluster. With --context, --kubeconfig or --cluster it uses the registry of a cluster.

    A run is incomplete without a registry, or if no object was checked. The last line says so.

    Exit code: 0 no findings at or above --fail-on, 1 findings, 2 wrong usage, 3 a file could not be read, or the run was incomplete and
    --require-registry or --fail-on-nothing forbids that.
    """
    if flags["ahead"] not in (None, NEXT_RELEASE) and parse_version(flags["ahead"] or "") is None:
        flags["paths"] = (flags["ahead"] or "", *flags["paths"])  # click takes a path behind a bare --ahead for its value
        flags["ahead"] = NEXT_RELEASE
    settings = settings_from(Flags(**flags), directory=Path.cwd())
    if write_baseline is not None:
        sys.exit(_write_baseline(settings, write_baseline))
    progress = _progress(settings)
    report = _evaluated(settings, progress)
    if output_file is None:
        to_stdout(_rendered(report, output, settings, colour=wants_colour()))
    else:
        to_file(_rendered(report, output, settings, colour=False), output_file)
    progress.finish(report.counts.documents)
    sys.exit(report.exit_code(fail_on=settings.fail_on))


def _progress(settings: Settings) -> ProgressLine:
    return ProgressLine("object" if settings.from_cluster else "file", sys.stderr)


def _evaluated(settings: Settings, progress: ProgressLine) -> Report:
    """The report. An interrupt ends the process without a report and without temporary files."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup stays nohup
            signal.signal(number, _interrupted)
    try:
        return run(settings, progress)
    finally:
        progress.clear()


def _interrupted(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _rendered(report: Report, output: str, settings: Settings, *, colour: bool) -> str:
    rules = [_info(rule) for rule in RULES] if output == "sarif" else []
    return render(report, output, colour=colour, rules=rules, fail_on=settings.fail_on)


def _info(rule: Rule) -> RuleInfo:
    text = docstring(rule)
    return RuleInfo(name=rule.name, summary=text.partition("\n")[0], help=text, action=rule.action)


def _write_baseline(settings: Settings, path: str) -> int:
    from webhook.report.baseline import write_baseline  # noqa: PLC0415 - rarely needed

    report = _evaluated(msgspec.structs.replace(settings, baseline=None), _progress(settings))
    if report.unreadable or report.failing_gaps:
        to_stdout(_rendered(report, "text", settings, colour=wants_colour()))
        return report.exit_code(fail_on=settings.fail_on)
    to_file(write_baseline(report.occurrences), path)
    click.echo(f"{number_of(len(report.occurrences), 'finding')} written to {visible(path)}", err=True)
    return EXIT_CLEAN
