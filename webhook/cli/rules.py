"""`bindguard rules`: prints the table of rules as text, JSON or the page docs/rules.md."""

import json
from collections.abc import Callable, Iterable, Mapping

import click

from webhook.cli.output import to_stdout, width
from webhook.explain.ruledoc import HEADINGS, group_title, grouped, rule_doc, upstream, versions
from webhook.explain.rules_page import page
from webhook.explain.text import fill
from webhook.rules import RULES
from webhook.rules.base import Rule

_HEADER = ("RULE", "ACTION", "KUBEVIRT", "REFUSED UPSTREAM")


def _text(rules: Iterable[Rule]) -> str:
    groups = grouped(rules)
    names = max(len(rule.name) for members in groups.values() for rule in members)
    blocks = [_columns(names, *_HEADER)]
    for members in groups.values():
        blocks += ["", fill(group_title(members), width())]
        blocks += [_line(rule, names) for rule in members]
    return "\n".join(blocks) + "\n"


def _line(rule: Rule, names: int) -> str:
    return (
        _columns(names, rule.name, rule.action.value, versions(rule), upstream(rule)) + "\n" + fill(rule_doc(rule).title, width(), "      ")
    )


def _columns(names: int, name: str, action: str, holds: str, refused: str) -> str:
    return f"  {name:{names}}  {action:6}  {holds:10}  {refused}"


def _json(rules: Iterable[Rule]) -> str:
    return json.dumps([_record(rule) for rule in rules], indent=2) + "\n"


def _record(rule: Rule) -> dict[str, object]:
    doc = rule_doc(rule)
    return {
        "name": rule.name,
        "group": rule.group.value,
        "action": rule.action.value,
        "summary": doc.title,
        "since": _or_none(rule.since),
        "until": _or_none(rule.until),
        "upstreamSince": _or_none(rule.upstream_since),
        "needsRegistry": rule.needs_registry,
        "explanation": {heading.lower(): doc.section(heading) for heading in HEADINGS},
    }


def _or_none(version: object) -> str | None:
    return None if version is None else str(version)


_OUTPUTS: Mapping[str, Callable[[Iterable[Rule]], str]] = {"text": _text, "json": _json, "markdown": page}


@click.command("rules", short_help="List all rules.")
@click.option(
    "--output", type=click.Choice(list(_OUTPUTS)), default="text", show_default=True, help="Output format; markdown is docs/rules.md."
)
def command(*, output: str) -> None:
    """List all rules, with their default actions, their KubeVirt versions, and the version from which KubeVirt refuses the same."""
    to_stdout(_OUTPUTS[output](RULES))
