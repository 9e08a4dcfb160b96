"""The page docs/rules.md, made from the table of rules and their docstrings."""

import re
from collections.abc import Iterable, Iterator

from webhook.explain.ruledoc import EXAMPLES, facts, group_title, grouped, rule_doc
from webhook.rules.base import Rule

COMMAND = "bindguard rules --output markdown > docs/rules.md"
"""How the page is made anew."""

_INTRODUCTION = f"""\
<!-- Made by `{COMMAND}`; edit the docstring of the rule instead. -->

# Rules

Each rule is one named mistake. `bindguard explain RULE` prints what stands here about it, and the configuration can set every rule to
`deny`, `warn` or `off`.
"""

_CODE_OR_TEXT = re.compile(r"(`[^`]*`)")
_SPECIAL = re.compile(r"[<>*]")


def page(rules: Iterable[Rule]) -> str:
    """The whole page as Markdown, with a table of contents and one section per rule."""
    groups = grouped(rules)
    parts = [_INTRODUCTION, *(_contents(members) for members in groups.values()), ""]
    for group, members in groups.items():
        parts.append(f"## {group.value.capitalize()}\n\n{_escaped(group_title(members))}\n")
        parts += [_rule(rule) for rule in members]
    return "\n".join(parts)


def _contents(rules: list[Rule]) -> str:
    group = rules[0].group.value
    entries = [f"    - [{rule.name}](#{rule.name}) ({rule.action}): {_escaped(rule_doc(rule).title)}" for rule in rules]
    return "\n".join([f"- [{group.capitalize()}](#{group})", *entries])


def _rule(rule: Rule) -> str:
    doc = rule_doc(rule)
    table = [f"| {label} | {words} |" for label, words in facts(rule)]
    lines = [f"### {rule.name}", "", _escaped(doc.title), "", "| | |", "| --- | --- |", *table, ""]
    for section in doc.sections:
        lines += [f"**{section.heading}**", "", *_body(section.heading, section.body), ""]
    return "\n".join(lines)


def _body(heading: str, text: str) -> Iterator[str]:
    if heading in EXAMPLES:
        yield from ("```yaml", text, "```")
    else:
        yield _escaped(text)


def _escaped(text: str) -> str:
    """Prose in which nothing but code spans and lists is Markdown or HTML."""
    return "".join(part if part.startswith("`") else _SPECIAL.sub(r"\\\g<0>", part) for part in _CODE_OR_TEXT.split(text))
