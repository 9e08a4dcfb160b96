"""`bindguard explain`: prints what a rule or a binding is about."""

import click

from webhook.cli.output import bold, to_stdout, width
from webhook.explain import GUIDES, guide_named
from webhook.explain.text import aligned, binding_text, comparison, fill, rule_text
from webhook.kube.text import quoted
from webhook.plugins.suggestions import nearest
from webhook.rules import RULE_NAMED, RULES
from webhook.vmi.bindings import DISCONTINUED

_PROSE_WIDTH = 100
"""Longer lines are hard to read, however wide the terminal is."""

_MAX_SUGGESTED = 5
_MIN_PART_LENGTH = 3


@click.command("explain", short_help="Explain a rule or a binding.")
@click.argument("name", required=False, metavar="[RULE|BINDING]")
@click.option("--choose", "choose", is_flag=True, help="Compare all bindings in one table.")
def command(*, name: str | None, choose: bool) -> None:
    """Explain a rule (`bindguard rules` lists them) or a binding: masquerade, bridge, passt, sriov or plugin."""
    if choose and name is not None:
        raise click.UsageError("--choose compares all bindings, so it takes no name")
    if choose:
        to_stdout(comparison(GUIDES, width(), bold))
        return
    to_stdout(_usage() if name is None else _explained(name))


def _usage() -> str:
    lines = aligned(((guide.name, guide.summary) for guide in GUIDES), _prose_width())
    hint = fill("`bindguard explain --choose` compares them, `bindguard rules` lists the rules.", _prose_width())
    return f"Usage: bindguard explain RULE | BINDING | --choose\n\nBindings:\n{lines}\n\n{hint}\n"


def _explained(name: str) -> str:
    guide = guide_named(name)
    if guide is not None:
        return binding_text(guide, RULES, _prose_width(), bold)
    rule = RULE_NAMED.get(name.casefold().replace("_", "-"))
    if rule is not None:
        return rule_text(rule, _prose_width(), bold)
    raise click.UsageError(f"no rule or binding is named {quoted(name)}; {_advice(name)}")


def _advice(name: str) -> str:
    bindings = ", ".join(guide.name for guide in GUIDES)
    if name.casefold() in (binding.field for binding in DISCONTINUED):
        return f"KubeVirt has discontinued this binding; the bindings are {bindings}"
    suggested = _near(name) or _holding(name)[:_MAX_SUGGESTED]
    if suggested:
        return "did you mean " + " or ".join(quoted(known) for known in suggested) + "?"
    return f"`bindguard rules` lists the rules, and the bindings are {bindings}"


def _near(name: str) -> list[str]:
    """The binding and the rule whose names are nearest."""
    bindings = [known for guide in GUIDES for known in guide.names]
    return [near for near in (nearest(name, bindings), nearest(name, RULE_NAMED)) if near is not None]


def _holding(name: str) -> list[str]:
    """The rules whose names contain the name, unless it is too short."""
    return [rule for rule in RULE_NAMED if name.casefold() in rule] if len(name) >= _MIN_PART_LENGTH else []


def _prose_width() -> int:
    return min(width(), _PROSE_WIDTH)
