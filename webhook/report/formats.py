"""Renders a report in one of the output formats. A format is imported only when it is used."""

import importlib
from collections.abc import Callable, Sequence

from webhook.errors import UsageError
from webhook.report.findings import Report, ReportOptions, RuleInfo
from webhook.rules.base import Action

FORMATS: tuple[str, ...] = ("text", "json", "yaml", "junit", "sarif", "github", "gitlab", "markdown", "html")


def render(
    report: Report,
    output: str,
    *,
    rules: Sequence[RuleInfo],
    colour: bool = False,
    fail_on: Action = Action.DENY,
) -> str:
    """The whole report in the format named `output`, ending with a line end; it always encodes as UTF-8.

    Raises:
        UsageError: No format has that name.
    """
    if output not in FORMATS:
        raise UsageError(f'no output format "{output}"; there are {", ".join(FORMATS)}')
    renderer: Callable[[Report, ReportOptions], str] = importlib.import_module(f"webhook.report.as_{output}").render
    return renderer(report, ReportOptions(colour=colour, fail_on=fail_on, rules=rules))
