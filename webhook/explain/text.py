"""Formats rules and bindings as plain text of a given width, and a table of all bindings."""

import dataclasses
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TypeAlias

from webhook.explain.binding import BindingGuide, BindingSummary
from webhook.explain.ruledoc import EXAMPLES, RuleDoc, facts, rule_doc, rules_about
from webhook.kube.version import Version
from webhook.rules.base import Rule

Bold: TypeAlias = Callable[[str], str]
"""Returns a text in bold, or unchanged."""

_INDENT = "    "


def rule_text(rule: Rule, width: int, bold: Bold) -> str:
    """Everything about a rule: name, title, facts, and the sections of its docstring."""
    doc = rule_doc(rule)
    blocks = [bold(rule.name) + "\n" + fill(doc.title, width), aligned(facts(rule), width), *_sections(doc, width, bold)]
    return "\n\n".join(blocks) + "\n"


def binding_text(guide: BindingGuide, rules: Iterable[Rule], width: int, bold: Bold) -> str:
    """Everything about a binding: summary, how it works, what it costs, an example, and the rules that mention it."""
    questions = (
        ("How it wires the guest", guide.wiring),
        ("Who gives the guest its IP address", guide.address),
        ("What it needs", guide.needs),
        ("Live migration", guide.live_migration),
        ("Hotplug", guide.hotplug),
        ("Performance", guide.performance),
        ("Overhead", guide.overhead),
        ("Choose it when", guide.choose),
        ("Choose another when", guide.avoid),
    )
    blocks = [
        bold(guide.name) + "\n" + fill(guide.summary, width),
        aligned((("Written as", written(guide)), ("KubeVirt versions", _since(guide.since))), width),
        *(_titled(question, fill(answer, width, _INDENT), bold) for question, answer in questions),
        _titled("Example", textwrap.indent(guide.example.rstrip("\n"), _INDENT), bold),
        _titled("Rules about it", _rule_lines(rules_about(guide, rules), width), bold),
    ]
    return "\n\n".join(blocks) + "\n"


def written(guide: BindingGuide) -> str:
    """How an interface chooses the binding, as YAML."""
    return f"{guide.field}: {{name: ...}}" if guide.field == "binding" else f"{guide.field}: {{}}"


def fill(text: str, width: int, indent: str = "") -> str:
    """Prose wrapped to a width; words are never broken."""
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def aligned(rows: Iterable[tuple[str, str]], width: int) -> str:
    """Labels and words in two columns, the second one wrapped under itself."""
    pairs = list(rows)
    column = max(len(label) for label, _ in pairs) + 2
    lines = [textwrap.wrap(words, max(width - column - 2, 20), break_long_words=False, break_on_hyphens=False) for _, words in pairs]
    return "\n".join(
        "  " + (label if i == 0 else "").ljust(column) + line
        for (label, _), wrapped in zip(pairs, lines, strict=True)
        for i, line in enumerate(wrapped)
    )


def _since(version: Version) -> str:
    return f"{version} and later" if version >= (1, 0) else "all"


def _titled(title: str, body: str, bold: Bold) -> str:
    return bold(title) + "\n" + body


def _sections(doc: RuleDoc, width: int, bold: Bold) -> Iterator[str]:
    for section in doc.sections:
        if section.heading in EXAMPLES:
            yield _titled(section.heading, textwrap.indent(section.body, _INDENT), bold)
        else:
            yield _titled(section.heading, "\n".join(fill(line, width, _INDENT) for line in paragraphs(section.body)), bold)


def paragraphs(body: str) -> list[str]:
    """Prose as one string per paragraph or list item, an empty one between paragraphs that a blank line separates."""
    joined: list[str] = []
    for line in body.splitlines():
        if not line.strip() or line.startswith("- ") or not joined or not joined[-1]:
            joined.append(line.strip())
        else:
            joined[-1] += " " + line.strip()
    return joined


def _rule_lines(rules: list[Rule], width: int) -> str:
    if not rules:
        return _INDENT + "none"
    return "\n".join(f"{_INDENT}{rule.name} ({rule.action})\n" + fill(rule_doc(rule).title, width, _INDENT * 2) for rule in rules)


_LABELS = {
    "address": "guest's address",
    "needs": "needs",
    "live_migration": "live migration",
    "hotplug": "hotplug",
    "performance": "performance",
    "overhead": "overhead",
    "choose": "pick it when",
}
_QUESTIONS = tuple((field.name, _LABELS[field.name]) for field in dataclasses.fields(BindingSummary))
_LABEL_COLUMN = max(len(word) for label in _LABELS.values() for word in label.split())
_GAP = "  "
_MAX_WORD_LENGTH = 11
_WIDEST_CELL = 24


def comparison(guides: Sequence[BindingGuide], width: int, bold: Bold) -> str:
    """The bindings compared within `width` columns."""
    cell = min((width - _LABEL_COLUMN) // len(guides) - len(_GAP), _WIDEST_CELL)
    if cell < _MAX_WORD_LENGTH:
        return "\n\n".join(_block(guide, width, bold) for guide in guides) + "\n"
    return _table(guides, cell, bold)


def _table(guides: Sequence[BindingGuide], cell: int, bold: Bold) -> str:
    header = bold(_row("", [guide.name for guide in guides], cell))
    rule = _row("-" * _LABEL_COLUMN, ["-" * cell for _ in guides], cell)
    rows = [_row(label, [getattr(guide.glance, field) for guide in guides], cell) for field, label in _QUESTIONS]
    return f"{header}\n{rule}\n" + "\n\n".join(rows) + "\n"


def _row(label: str, cells: list[str], cell: int) -> str:
    columns = [textwrap.wrap(label, _LABEL_COLUMN), *(textwrap.wrap(text, cell, break_on_hyphens=False) for text in cells)]
    widths = [_LABEL_COLUMN, *(cell for _ in cells)]
    lines = zip_longest(*columns, fillvalue="")
    return "\n".join(_GAP.join(part.ljust(wide) for part, wide in zip(line, widths, strict=True)).rstrip() for line in lines)


def _block(guide: BindingGuide, width: int, bold: Bold) -> str:
    answers = [("written as", written(guide)), *((label, getattr(guide.glance, field)) for field, label in _QUESTIONS)]
    return bold(guide.name) + "\n" + aligned(answers, width)
