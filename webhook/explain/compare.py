"""All bindings side by side: one table where the width allows it, one block per binding where it does not."""

import dataclasses
import textwrap
from collections.abc import Sequence
from itertools import zip_longest

from webhook.explain.binding import BindingGuide, BindingSummary
from webhook.explain.text import Bold, aligned, written

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
