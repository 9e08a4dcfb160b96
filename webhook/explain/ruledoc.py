"""Parses the docstring of a rule into title and sections, and describes the attributes of the rule in words."""

import dataclasses
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping

from webhook.explain.binding import BindingGuide
from webhook.kube.version import Version
from webhook.rules.base import Group, Rule, docstring

HEADINGS = ("What", "Why", "Refused", "Accepted", "Source")
EXAMPLES = frozenset({"Refused", "Accepted"})
"""Headings with YAML, whose lines are kept."""

_ALWAYS = Version(0, 1)
"""How rules write "in all supported releases"."""


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """A heading of a docstring and the text below it, without indentation."""

    heading: str
    body: str


@dataclasses.dataclass(frozen=True, slots=True)
class RuleDoc:
    """A rule's docstring.

    Attributes:
        title: Its first line.
        sections: In the order in which they stand there.
    """

    title: str
    sections: tuple[Section, ...]

    def section(self, heading: str) -> str:
        """The text under a heading; empty when there is no such heading."""
        return next((section.body for section in self.sections if section.heading == heading), "")


def rule_doc(rule: Rule) -> RuleDoc:
    """Take a rule's docstring apart: a line that is not indented opens a section, indented lines belong to it."""
    title, _, rest = docstring(rule).strip().partition("\n")
    sections: list[tuple[str, list[str]]] = []
    for line in rest.splitlines():
        if line and not line[0].isspace():
            sections.append((line.strip(), []))
        elif sections:
            sections[-1][1].append(line)
    return RuleDoc(title.strip(), tuple(Section(heading, textwrap.dedent("\n".join(lines)).strip("\n")) for heading, lines in sections))


def grouped(rules: Iterable[Rule]) -> Mapping[Group, list[Rule]]:
    """Rules by group, both in the order of the table."""
    groups: dict[Group, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(rule.group, []).append(rule)
    return groups


def group_title(rules: list[Rule]) -> str:
    """What the rules of one group are about: the docstring of their package."""
    return (sys.modules[rules[0].check.__module__.rpartition(".")[0]].__doc__ or "").strip()


def versions(rule: Rule) -> str:
    """The KubeVirt releases for which a rule holds, short: `all`, `1.1+`, `<1.5`, `1.1+ <1.5`."""
    since = f"{rule.since}+" if rule.since is not None and rule.since > _ALWAYS else ""
    until = f"<{rule.until}" if rule.until is not None else ""
    return " ".join(part for part in (since, until) if part) or "all"


def upstream(rule: Rule) -> str:
    """The KubeVirt releases whose webhook refuses the same, or the API server, in a few words."""
    if rule.group is Group.SHAPE:
        return "by the API server"
    if rule.upstream_since is None:
        return "never"
    return f"{rule.upstream_since}+" if rule.upstream_since > _ALWAYS else "all"


def facts(rule: Rule) -> tuple[tuple[str, str], ...]:
    """The attributes of a rule, as pairs of label and text."""
    return (
        ("Group", rule.group.value),
        ("Default action", rule.action.value),
        ("KubeVirt versions", _holds_for(rule)),
        ("KubeVirt's webhook", _refused_since(rule)),
        ("Needs a registry", "yes; does not run without one" if rule.needs_registry else "no"),
    )


def _holds_for(rule: Rule) -> str:
    since = f"{rule.since} and later" if rule.since is not None and rule.since > _ALWAYS else ""
    until = f"before {rule.until}" if rule.until is not None else ""
    if since and until:
        return f"{rule.since} and later, {until}"
    return since or until or "all"


def _refused_since(rule: Rule) -> str:
    if rule.group is Group.SHAPE:
        return "is not called: the API server refuses the object first"
    if rule.upstream_since is None:
        return "does not refuse it"
    return f"refuses it since {rule.upstream_since}" if rule.upstream_since > _ALWAYS else "refuses it in all releases"


def rules_about(guide: BindingGuide, rules: Iterable[Rule]) -> list[Rule]:
    """The rules that mention a binding in their name, title or What."""
    mention = re.compile(rf"\b(?:{'|'.join(map(re.escape, guide.mentions))})\b", re.IGNORECASE)
    return [rule for rule in rules if mention.search(_mistake(rule))]


def _mistake(rule: Rule) -> str:
    doc = rule_doc(rule)
    return "\n".join((rule.name, doc.title, doc.section("What")))
